import { Counter } from 'prom-client';
import { registry } from './registry.ts';

const refusals = new Counter({
  name: 'tenantry_isolation_refusals_total',
  help: 'What was stopped because it could have crossed from one tenant to another, by the kind of violation.',
  labelNames: ['violation'],
  registers: [registry],
});

/** A kind of violation that may be counted: the first of it is seen as a change from zero. */
export function expectRefusals(violation: string): void {
  refusals.inc({ violation }, 0);
}

/** @param violation the name of its class */
export function countRefusal(violation: string): void {
  refusals.inc({ violation });
}
