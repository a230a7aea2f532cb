import { Histogram } from 'prom-client';
import { registry } from './registry.ts';

const operations = new Histogram({
  name: 'db_client_operation_duration_seconds',
  help: 'Time from sending a statement until its answer is here, by its first word and the kind of its error, if any.',
  labelNames: ['db_operation_name', 'error_type'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [registry],
});

/** A statement that was answered, or never will be. Both labels have to be one of few. */
interface Operation {
  /** Such as `SELECT`. */
  readonly name: string;
  /** The class of its SQLSTATE, or another word; empty when it has succeeded. */
  readonly errorType: string;
  readonly seconds: number;
}

export function observeOperation({ name, errorType, seconds }: Operation): void {
  operations.observe({ db_operation_name: name, error_type: errorType }, seconds);
}
