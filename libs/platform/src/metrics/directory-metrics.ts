import { Counter, Gauge } from 'prom-client';
import { registry } from './registry.ts';

const lookups = new Counter({
  name: 'tenantry_tenant_directory_lookups_total',
  help: 'How often a tenant was looked for, by whether the answer was known (hit) or the catalog was asked (miss).',
  labelNames: ['result'],
  registers: [registry],
});
const size = new Gauge({
  name: 'tenantry_tenant_directory_entries',
  help: 'Names of tenants, and of nobody, whose answer is kept.',
  registers: [registry],
});

lookups.inc({ result: 'hit' }, 0);
lookups.inc({ result: 'miss' }, 0);

/** @param entries how many answers are kept after it */
export function countLookup(result: 'hit' | 'miss', entries: number): void {
  lookups.inc({ result });
  size.set(entries);
}
