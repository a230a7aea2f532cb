import { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { readPoolStatistics } from '../connection/pool-statistics.ts';
import { roleOfPlacement } from '../roles.ts';
import { interleave, randomFrom } from '../testing/interleaving.ts';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { Workload } from '../testing/workload.ts';

const REQUESTS = 10_000;
const TENANTS = 50;
const IN_FLIGHT = 50;
const CONNECTIONS = 5;
/** The same seed makes the same requests, though not the same order of what they send. */
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

let persistence: Persistence;
let workload: Workload;

beforeAll(async () => {
  persistence = await startPersistence({
    DB_POOL_MAX: String(CONNECTIONS),
    DB_STATEMENT_TIMEOUT_MS: '250',
    // Ten requests wait for each connection: as long as it takes.
    DB_POOL_ACQUIRE_TIMEOUT_MS: '60000',
  });
  workload = new Workload(persistence, randomFrom(SEED), TENANTS);
  await workload.prepare();
}, 120_000);

afterAll(() => persistence.stop());

describe(`${REQUESTS} interleaved requests of ${TENANTS} tenants over ${CONNECTIONS} connections (SEED=${SEED})`, () => {
  it('that abort, time out and are abandoned show no tenant a row of another', async () => {
    await interleave(REQUESTS, IN_FLIGHT, () => workload.request());
    await workload.settle();

    expect(workload).toMatchObject({ foreign: [], unexpected: [] });
    const { outcomes } = workload;
    expect(outcomes['regular: acknowledged']).toBeGreaterThan(REQUESTS / 2);
    // Else none of the endings would have been one.
    for (const outcome of [
      'an error after the work: refused',
      'the caller has gone: acknowledged',
      'the scope has ended before its work: refused',
      'an abort signal: acknowledged',
      'an abort signal: refused',
      'a statement that takes too long: refused',
    ]) {
      expect(outcomes).toHaveProperty([outcome], expect.any(Number));
    }
  }, 300_000);

  it('have stored what was acknowledged, nothing that was refused, and nothing of another tenant', async () => {
    expect(await workload.audit()).toEqual([]);
    expect(workload.foreign).toEqual([]);
  });

  it('leave a pool with all of its connections, which nobody waits for', async () => {
    const whole = { max: CONNECTIONS, total: CONNECTIONS, idle: CONNECTIONS, waiting: 0 };

    expect(await readPoolStatistics(persistence.get(MikroORM))).toEqual(whole);
    const backends = await Promise.all(
      workload.tenants.slice(0, CONNECTIONS).map((tenant) =>
        persistence.as(tenant, async () => {
          const [row] = await persistence.orm.em.execute<{ backend: number }[]>(
            'select pg_backend_pid() as backend, pg_sleep(0.1)',
          );
          return row?.backend;
        }),
      ),
    );
    expect(new Set(backends).size).toBe(CONNECTIONS);
  });
});

describe('the same tenants, set for the session of a pooled connection', () => {
  it('are shown rows of others', async () => {
    const pool = new pg.Pool({
      connectionString: persistence.config.database.url,
      max: CONNECTIONS,
    });

    await interleave(500, IN_FLIGHT, async () => {
      const tenant = workload.anyTenant();
      await pool.query(
        `select set_config('app.tenant_id', $1, false), set_config('role', $2, false), set_config('search_path', $3, false)`,
        [tenant.id, roleOfPlacement(tenant.schema), tenant.schema],
      );
      const { rows } = await pool.query<{ name: string }>('select name from member');
      workload.mustBeOwn(tenant, rows);
    });
    await pool.end();

    expect(workload.foreign.length).toBeGreaterThan(0);
  });
});
