import { type Measurements, ratioOf } from './measurements.ts';
import type { SettingName } from './rounds.ts';
import { type ScenarioName, scenarioNames, scenarios } from './scenarios.ts';
import { percentile, quotientOf, type Spread } from './statistics.ts';
import type { SubjectName } from './subject.ts';
import type { TenantSeries } from './tenants.ts';

const RAW_FLOOR = 'raw pg, not isolated';
const BARE = 'MikroORM, not isolated';

/** What there is a budget for, by the name that it has there. */
export const figures = {
  'read by key over MikroORM, 0 ms': latencyOver(BARE, 'readByKey', '0 ms'),
  'read by key over MikroORM, +1 ms': latencyOver(BARE, 'readByKey', '+1 ms'),
  'flat read over raw pg': latencyOver(RAW_FLOOR, 'flatRead', '0 ms'),
  'unit of work over MikroORM': latencyOver(BARE, 'unitOfWork', '0 ms'),
  'GET /projects over the same without tenancy, 0 ms': requestsOverPlain('0 ms'),
  'GET /projects over the same without tenancy, +1 ms': requestsOverPlain('+1 ms'),
  'memory of 10,000 tenants over 10': ({ tenants }) => manyOverFew(tenants, 'heapMiB'),
  'read by key of 10,000 tenants over 10': ({ tenants }) => manyOverFew(tenants, 'latencyMs'),
  'dedicated schema over raw DDL': ({ provisioning: { tenantryMs, rawMs } }) =>
    quotientOf(tenantryMs, rawMs),
  'dedicated schema, p95 in ms': ({ provisioning: { tenantryMs } }) => p95Of(tenantryMs),
  'dedicated schema from the warm pool, p95 in ms': ({ provisioning: { takenMs } }) =>
    p95Of(takenMs),
  'throughput over Prisma': leastThroughputOver('Prisma'),
  'throughput over Drizzle': leastThroughputOver('Drizzle'),
  'throughput over TypeORM': leastThroughputOver('TypeORM'),
} satisfies Record<string, Figure>;
export type FigureName = keyof typeof figures;

/** A figure, and where it was found when it is the worst of several. */
export interface Found extends Spread {
  readonly where?: string;
}

type Figure = (measurements: Measurements) => Found;

function latencyOver(over: SubjectName, scenario: ScenarioName, setting: SettingName): Figure {
  return (measurements) =>
    ratioOf(measurements, 'Tenantry', over, { setting, scenario, metric: 'latencyMs' });
}

function requestsOverPlain(network: '0 ms' | '+1 ms'): Figure {
  return ({ http }) => quotientOf(http[network].isolated, http[network].plain);
}

function p95Of(values: readonly number[]): Spread {
  const p95 = percentile(values, 0.95);
  return { low: p95, median: p95, high: p95 };
}

function manyOverFew({ many, few }: TenantSeries, what: 'heapMiB' | 'latencyMs'): Spread {
  return quotientOf(
    many.map((served) => served[what]),
    few.map((served) => served[what]),
  );
}

/** In the scenario, and with the network, in which it is least. */
function leastThroughputOver(over: SubjectName): Figure {
  return (measurements) => {
    const [least] = (['0 ms', '+1 ms'] as const)
      .flatMap((setting) =>
        scenarioNames.map((scenario): Found => ({
          ...ratioOf(measurements, 'Tenantry', over, { setting, scenario, metric: 'throughput' }),
          where: `${scenarios[scenario].title}, ${setting}`,
        })),
      )
      .toSorted((one, other) => one.median - other.median);
    if (!least) {
      throw new RangeError('Nothing was measured.');
    }
    return least;
  };
}
