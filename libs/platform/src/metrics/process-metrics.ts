import { collectDefaultMetrics } from 'prom-client';
import { registry } from './registry.ts';

/** Adds what Node says of the process: memory, processor, event loop, garbage collection. Once is enough. */
export function collectProcessMetrics(): void {
  if (!registry.getSingleMetric('process_cpu_seconds_total')) {
    collectDefaultMetrics({ register: registry });
  }
}
