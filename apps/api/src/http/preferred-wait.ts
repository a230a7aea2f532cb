import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Nobody is kept waiting for longer, whatever they prefer (seconds). */
const LONGEST = 30;

/** How many seconds the caller would rather wait than ask again (RFC 7240, `wait`); 0 without such a wish. */
function preferredWait(header: string | string[] | undefined): number {
  const [, seconds = '0'] =
    /(?:^|[,;\s])wait\s*=\s*(\d{1,9})(?=$|[,;\s])/i.exec(String(header ?? '')) ?? [];
  return Math.min(Number(seconds), LONGEST);
}

/** Gives a handler the {@link preferredWait} of its request. */
export const PreferredWait = createParamDecorator((_: unknown, context: ExecutionContext) =>
  preferredWait(context.switchToHttp().getRequest<FastifyRequest>().headers['prefer']),
);
