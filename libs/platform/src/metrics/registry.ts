import { Registry } from 'prom-client';

/** All metrics of this process. Each instrument joins it once, when its file is loaded, however many modules use it. */
export const registry = new Registry();

/** The format of {@link readMetrics}, as a media type. */
export const METRICS_TYPE: string = registry.contentType;

/** What Prometheus is told of this process now. */
export function readMetrics(): Promise<string> {
  return registry.metrics();
}
