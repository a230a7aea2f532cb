import type { PlacedTenant } from '@tenantry/persistence';
import autocannon from 'autocannon';
import { say } from '../../database.ts';
import type { Inhabited, Installation } from '../installation.ts';
import { type Servers, withServers } from './servers.ts';

const PATH = '/projects';

/** Requests in a second, one of each round. */
type HttpSeries = Readonly<Record<keyof Servers, readonly number[]>>;

/** Of both networks. */
export type HttpMeasurements = Readonly<Record<'0 ms' | '+1 ms', HttpSeries>>;

/** How often. */
export interface HttpEffort {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
}

/** GET /projects of the API and of the one without tenancy, for many tenants, near the server and far from it. */
export async function measureHttp(
  installation: Installation,
  delayed: Inhabited,
  effort: HttpEffort,
): Promise<HttpMeasurements> {
  await registerTenants(installation);
  return {
    '0 ms': await measureAt(installation.shared, '0 ms', effort),
    '+1 ms': await measureAt(delayed, '+1 ms', effort),
  };
}

function measureAt(
  { place, tenants }: Inhabited,
  network: keyof HttpMeasurements,
  { rounds, seconds, clients }: HttpEffort,
): Promise<HttpSeries> {
  return withServers(place, async (servers) => {
    await mustAnswerAlike(servers, tenants);
    const series: Record<keyof Servers, number[]> = { isolated: [], plain: [] };
    const sides = ['isolated', 'plain'] as const;
    for (let round = 0; round <= rounds; round += 1) {
      say(`GET /projects, ${network}, ${round === 0 ? 'warming up' : `round ${round}`}`);
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        const throughput = await throughputOf(servers[side], tenants, clients, seconds);
        if (round > 0) {
          series[side].push(throughput);
        }
      }
    }
    return series;
  });
}

/** The API knows only those that are in the catalog. */
async function registerTenants({ database, shared }: Installation): Promise<void> {
  for (const { id, slug } of shared.tenants) {
    await database.pool.query(
      `insert into catalog.tenant (id, created_at, updated_at, slug, name, status, plan, features, configuration, placement_id)
       select $1, now(), now(), $2, $2, 'active', 'free', '{}', '{}', id from catalog.placement where schema_name = 'shared'`,
      [id, slug],
    );
  }
}

/** @throws {Error} unless both give the same, which is the tenant's */
async function mustAnswerAlike(servers: Servers, tenants: readonly PlacedTenant[]): Promise<void> {
  for (const { id, slug } of tenants.slice(0, 2)) {
    const [isolated, plain] = await Promise.all(
      [servers.isolated, servers.plain].map(async (address) => {
        const answer = await fetch(`${address}${PATH}`, { headers: { 'x-tenant-id': id } });
        return answer.text();
      }),
    );
    if (isolated !== plain || !isolated?.includes(`"name":"${slug} `)) {
      throw new Error(`The API answers ${isolated}, and without tenancy it is ${plain}.`);
    }
  }
}

async function throughputOf(
  url: string,
  tenants: readonly PlacedTenant[],
  connections: number,
  duration: number,
): Promise<number> {
  const requests = tenants.map(({ id }) => ({ path: PATH, headers: { 'x-tenant-id': id } }));
  let clients = 0;
  const result = await autocannon({
    url,
    connections,
    duration,
    requests,
    // Each client begins with another tenant: all at once for the same one would wait for each other by its plan's limits.
    setupClient: (client) => {
      const first = Math.floor((clients++ * requests.length) / connections) % requests.length;
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
    },
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${result.non2xx + result.errors} requests to ${url} have failed.`);
  }
  return result['2xx'] / result.duration;
}
