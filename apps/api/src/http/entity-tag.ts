import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { InvalidValue } from '@tenantry/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';

const TAG = /^(W\/)?"([^"]*)"$/;
/** No version is this: nothing matches it. */
const NEVER = -1;

/** Names the version of what is answered. */
export function setEntityTag(reply: FastifyReply, version: number): void {
  reply.header('etag', `"${version}"`);
}

/**
 * The version that the request may act on, by its If-Match header: `undefined` when any will do. A weak tag, or one that
 * is none of ours, never matches (RFC 9110, 13.1.1).
 */
function expectedVersion(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') {
    return undefined;
  }
  const tag = TAG.exec(header.trim());
  if (!tag) {
    throw new InvalidValue(
      'If-Match header',
      'must be the ETag of a response before, such as "3", or *',
    );
  }
  const [, weak, version = ''] = tag;
  return !weak && /^\d{1,9}$/.test(version) ? Number(version) : NEVER;
}

/** Gives a handler the {@link expectedVersion} of its request. */
export const ExpectedVersion = createParamDecorator((_: unknown, context: ExecutionContext) =>
  expectedVersion(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);
