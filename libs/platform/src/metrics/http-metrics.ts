import { Histogram } from 'prom-client';
import { registry } from './registry.ts';

const requests = new Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Duration of requests by route, method and status. The route is a template; it is empty where there is none.',
  labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  registers: [registry],
});

/** Others are made up by whoever asks. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A request that was answered, or whose client has gone away. */
interface ServedRequest {
  readonly method: string;
  /** Such as `/projects/:id`. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

export function observeRequest({ method, route = '', status, seconds }: ServedRequest): void {
  requests.observe(
    {
      http_request_method: METHODS.has(method) ? method : '_OTHER',
      http_route: route,
      http_response_status_code: status,
    },
    seconds,
  );
}
