import type { FastifyReply } from 'fastify';

/** Is raised when the client goes away before it has its answer. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) {
      controller.abort(new Error('The client has gone away.'));
    }
  });
  return controller.signal;
}
