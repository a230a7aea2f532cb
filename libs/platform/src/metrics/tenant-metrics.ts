import { Gauge } from 'prom-client';
import { HeavyHitters } from './heavy-hitters.ts';
import { registry } from './registry.ts';

/** How many tenants are named: a label for each of them would be one for each of thousands. */
const TOP = 10;
/** How many are kept account of, so that those ten are the right ones. */
const CAPACITY = 200;
const HALF_LIFE_MS = 60_000;

const queries = new HeavyHitters(CAPACITY, HALF_LIFE_MS);
const databaseSeconds = new HeavyHitters(CAPACITY, HALF_LIFE_MS);

new Gauge({
  name: 'tenantry_tenant_queries_top',
  help: `Statements per second of the ${TOP} tenants with most of them, over the last minutes.`,
  labelNames: ['tenant'],
  registers: [registry],
  collect() {
    show(this, queries);
  },
});
new Gauge({
  name: 'tenantry_tenant_database_seconds_top',
  help: `Seconds of database time per second of the ${TOP} tenants with most of it, over the last minutes.`,
  labelNames: ['tenant'],
  registers: [registry],
  collect() {
    show(this, databaseSeconds);
  },
});

/** A statement on behalf of a tenant. @param tenant its slug */
export function countTenantQuery(tenant: string, seconds: number): void {
  queries.add(tenant, 1);
  databaseSeconds.add(tenant, seconds);
}

function show(gauge: Gauge<'tenant'>, hitters: HeavyHitters): void {
  gauge.reset();
  for (const { key, perSecond } of hitters.top(TOP)) {
    gauge.set({ tenant: key }, perSecond);
  }
}
