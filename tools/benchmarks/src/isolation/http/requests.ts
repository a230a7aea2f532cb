import type { PlacedTenant } from '@tenantry/persistence';
import autocannon from 'autocannon';
import { say } from '../../database.ts';
import type { Installation } from '../installation.ts';
import { type Servers, withServers } from './servers.ts';

const PATH = '/projects';

/** Requests in a second, one of each round. */
export type HttpSeries = Readonly<Record<keyof Servers, readonly number[]>>;

/** How often. */
export interface HttpEffort {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
}

/** GET /projects of the API and of the one without tenancy by turns, for many tenants. */
export async function measureHttp(
  installation: Installation,
  { rounds, seconds, clients }: HttpEffort,
): Promise<HttpSeries> {
  const { tenants } = installation.shared;
  await registerTenants(installation);
  return withServers(installation, async (servers) => {
    await mustAnswerAlike(servers, tenants);
    const sides: { name: keyof Servers; throughputs: number[] }[] = [
      { name: 'isolated', throughputs: [] },
      { name: 'plain', throughputs: [] },
    ];
    for (let round = 0; round <= rounds; round += 1) {
      say(round === 0 ? 'GET /projects, warming up' : `GET /projects, round ${round} of ${rounds}`);
      for (const { name, throughputs } of round % 2 === 0 ? sides : sides.toReversed()) {
        const throughput = await throughputOf(servers[name], tenants, clients, seconds);
        if (round > 0) {
          throughputs.push(throughput);
        }
      }
    }
    const [isolated, plain] = sides.map(({ throughputs }) => throughputs);
    return { isolated: isolated ?? [], plain: plain ?? [] };
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
  const result = await autocannon({ url, connections, duration, requests });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${result.non2xx + result.errors} requests to ${url} have failed.`);
  }
  return result['2xx'] / result.duration;
}
