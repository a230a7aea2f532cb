import {
  type ApiConfig,
  observeRequest,
  onAccountOf,
  RequestAccount,
  type RequestSpan,
  startRequestSpan,
} from '@tenantry/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Nobody has got an answer: the client has gone away before. nginx's status for that. */
const CLIENT_GONE = 499;

/**
 * Keeps account of each request, from the first that is known of it until its connection is done with it: as a span, in the
 * metrics, and with a warning when it has sent too many statements.
 */
export function observeRequests(fastify: FastifyInstance, { queryWarningCount }: ApiConfig): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const begun = performance.now();
    const span = startRequestSpan(spanNameOf(request), request.headers);
    const account = new RequestAccount(request.id, span.traceId);
    reply.raw.once('close', () => {
      end(request, reply, span, (performance.now() - begun) / 1_000);
      if (account.queries > queryWarningCount) {
        warnOfMany(account, reply);
      }
      account.close();
    });
    span.run(() => {
      onAccountOf(request.raw, account, done);
    });
  });
}

function end(
  request: FastifyRequest,
  { raw, statusCode }: FastifyReply,
  span: RequestSpan,
  seconds: number,
): void {
  const { method, routeOptions } = request;
  const { url: route } = routeOptions;
  const status = raw.writableFinished ? statusCode : CLIENT_GONE;
  observeRequest({ method, route, status, seconds });
  span.end(
    spanNameOf(request),
    {
      'http.request.method': method,
      'http.response.status_code': status,
      ...(route !== undefined && { 'http.route': route }),
    },
    status >= 500 ? String(status) : '',
  );
}

function spanNameOf({ method, routeOptions: { url: route } }: FastifyRequest): string {
  return route === undefined ? method : `${method} ${route}`;
}

/** Most often it is one statement for each row of another one (N+1). */
function warnOfMany(account: RequestAccount, { raw }: FastifyReply): void {
  raw.allLogs.at(-1)?.warn({
    msg: 'a request sends many statements: is there one for each row of another?',
    queries: account.queries,
    mostRepeated: account.mostRepeated(),
  });
}
