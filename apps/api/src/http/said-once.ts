import type { IncomingMessage } from 'node:http';
import { DomainError } from '@tenantry/domain';

/** Headers that say who asks, whom, and whether it was asked before. */
const ONCE = ['host', 'authorization', 'x-tenant-id', 'idempotency-key'];

/** The request says something twice that can only be one thing. */
class AmbiguousRequest extends DomainError {
  readonly kind = 'invalid';

  constructor() {
    super('ambiguous-request', 'The request says twice who it is from, or whom it is for.');
  }
}

/**
 * Lets nothing pass that can be read in two ways: Node takes the first of two such headers, and a proxy in front of it
 * might have taken the other (RFC 9112, 3.2).
 * @throws {AmbiguousRequest}
 */
export function mustBeSaidOnce({ headers, headersDistinct, url = '' }: IncomingMessage): void {
  const twice = ONCE.some((name) => (headersDistinct[name]?.length ?? 0) > 1);
  // `GET http://host/path`, as it is sent to proxies, names the host once more.
  const otherHost = !url.startsWith('/') && URL.parse(url)?.host !== headers.host;
  if (twice || otherHost) {
    throw new AmbiguousRequest();
  }
}
