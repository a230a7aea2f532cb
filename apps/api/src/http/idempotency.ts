import { createHash } from 'node:crypto';
import { InvalidValue } from '@tenantry/domain';
import type { IdempotentRequest } from '@tenantry/persistence';
import type { FastifyRequest } from 'fastify';

/** No body that is asked for here is nested half as deep. */
const DEEPEST = 32;
const KEY = /^[\x21\x23-\x7e]{1,255}$/;

/**
 * The request as one that may be sent again, by its Idempotency-Key; `undefined` when it has none. The key may stand in
 * quotes, as the draft of the IETF has it, or without.
 * @throws {InvalidValue}
 */
export function idempotentRequest({
  method,
  url,
  body,
  headers,
}: FastifyRequest): IdempotentRequest | undefined {
  const header = headers['idempotency-key'];
  if (method !== 'POST' || header === undefined) {
    return undefined;
  }
  const [, quoted] = /^"(.*)"$/.exec(String(header)) ?? [];
  const key = quoted ?? String(header);
  if (!KEY.test(key)) {
    throw new InvalidValue(
      'Idempotency-Key header',
      'must be 1 to 255 visible ASCII characters without quotes, such as a uuid',
    );
  }
  const asked = [method, url, JSON.stringify(sorted(body))].join('\n');
  return { key, fingerprint: createHash('sha256').update(asked).digest('base64url') };
}

/** Two bodies that differ in the order of their properties ask for the same. @throws {InvalidValue} */
function sorted(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) {
    throw new InvalidValue('body', `must not be nested more than ${DEEPEST} times`);
  }
  if (Array.isArray(value)) {
    return value.map((each) => sorted(each, depth + 1));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each, depth + 1)]));
}
