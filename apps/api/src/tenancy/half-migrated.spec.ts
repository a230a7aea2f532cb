import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { type DatabaseHealth, Sampler } from '@tenantry/health';
import {
  type Answer,
  type Api,
  OPERATOR_TOKEN,
  startAnother,
  startApi,
} from '../testing/api-harness.ts';
import { bearer } from '../testing/tenant-token.ts';

/** An answer of the directory is given again for this long, and readiness is remembered a while. */
const FORGOTTEN_MS = 2_500;

let api: Api;
let owner: MikroORM;
let dedicated: string;

beforeAll(async () => {
  api = await startApi();
  owner = new MikroORM({
    clientUrl: api.config.MIGRATOR_DATABASE_URL,
    entities: [],
    contextName: 'administrator',
    discovery: { warnWhenNoEntities: false },
  });
  const [placement] = await query<{ schema: string }>(
    `select schema_name as schema from catalog.placement where schema_name <> 'shared'`,
  );
  dedicated = placement?.schema ?? '';
});

afterAll(async () => {
  await owner.close();
  await api.stop();
});

const query = <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  owner.em.fork().execute<Row[]>(sql, parameters);
const projectsOf = (tenant: string): Promise<Answer> => api.call({ path: '/projects', tenant });
const isReady = async (): Promise<number> => (await api.call({ path: '/health/ready' })).status;
/** What operators are told of placements that this build cannot serve, by a sample that is taken now. */
async function outOfRange(): Promise<unknown> {
  await api.api.get(Sampler).pass(() => true);
  const { text } = await api.call({ path: '/health/database', headers: bearer(OPERATOR_TOKEN) });
  const { checks } = JSON.parse(text) as DatabaseHealth;
  return checks['migrations']?.find(({ name }) => name === 'placements-out-of-range');
}

const BEING_MIGRATED = {
  status: 503,
  headers: { 'retry-after': '1' },
  body: { code: 'tenant-being-migrated' },
};

describe('in the middle of a rolling deployment', () => {
  it('tenants of a placement that lags behind wait, and the others are served', async () => {
    const [{ row }] = (await query<{ row: object }>(
      `delete from catalog.migration m where target = '${dedicated}'
         and name = (select max(name) from catalog.migration where target = m.target) returning to_json(m) as row`,
    )) as [{ row: object }];
    await sleep(FORGOTTEN_MS);

    expect(await projectsOf('gamma')).toMatchObject(BEING_MIGRATED);
    expect(await projectsOf('alpha')).toMatchObject({ status: 200 });
    expect(await projectsOf('beta')).toMatchObject({ status: 200 });
    expect(await isReady()).toBe(200);
    expect(await outOfRange()).toMatchObject({
      status: 'warn',
      detail: [{ schema: dedicated, contracted: [] }],
    });

    await query(
      'insert into catalog.migration select * from json_populate_record(null::catalog.migration, ?::json)',
      [JSON.stringify(row)],
    );
    await sleep(FORGOTTEN_MS);
    expect(await projectsOf('gamma')).toMatchObject({ status: 200 });
    expect(await outOfRange()).toMatchObject({ status: 'pass', detail: [] });
  });

  it('tenants are served where a newer build has expanded, and wait where it has contracted', async () => {
    await query(
      `insert into catalog.migration (target, name, kind) values ('${dedicated}', '99-next', 'expand')`,
    );
    await sleep(FORGOTTEN_MS);
    expect(await projectsOf('gamma')).toMatchObject({ status: 200 });

    await query(`update catalog.migration set kind = 'contract' where name = '99-next'`);
    await sleep(FORGOTTEN_MS);
    expect(await projectsOf('gamma')).toMatchObject(BEING_MIGRATED);
    expect(await projectsOf('alpha')).toMatchObject({ status: 200 });
    expect(await isReady()).toBe(200);
    expect(await outOfRange()).toMatchObject({
      detail: [{ schema: dedicated, pending: [], contracted: ['99-next'] }],
    });

    await query(`update catalog.migration set target = 'shared' where name = '99-next'`);
    await sleep(FORGOTTEN_MS);
    expect(await projectsOf('gamma')).toMatchObject({ status: 200 });
    expect(await projectsOf('alpha')).toMatchObject(BEING_MIGRATED);
    // Most tenants are there.
    expect(await isReady()).toBe(503);
    await query(`delete from catalog.migration where name = '99-next'`);
  });
});

describe('a running process', () => {
  it('is known to the migrator, and soon forgotten when it has ended', async () => {
    const countsFor = async (): Promise<number[]> =>
      (
        await query<{ seconds: number }>(
          'select extract(epoch from counts_until - now())::int as seconds from catalog.heartbeat order by 1',
        )
      ).map(({ seconds }) => seconds);
    expect(await countsFor()).toEqual([expect.any(Number)]);
    const other = await startAnother(api);
    const [one = 0, another = 0] = await countsFor();
    expect(Math.min(one, another)).toBeGreaterThan(200);

    await other.stop();

    const [ended = 0, running = 0] = await countsFor();
    expect(ended).toBeLessThanOrEqual(120);
    expect(running).toBeGreaterThan(200);
  });
});
