import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import pg from 'pg';
import { startMigrator } from './testing/start-migrator.ts';

const PLACEMENTS = 200;

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
  await client.connect();
  await migrate();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

interface Line {
  readonly type: string;
  readonly migrated: number;
  readonly failed: number;
  readonly notReached: number;
  readonly stopped: string | null;
}

/** Runs `migrate --json`, and gives its exit code and its last line. */
async function migrate(onLine: (type: string, pid: number) => void = () => undefined) {
  const run = startMigrator(database.address, 'migrate', '--json');
  const exit = once(run, 'exit');
  let last: Line | undefined;
  for await (const line of createInterface(run.stdout)) {
    last = JSON.parse(line) as Line;
    onLine(last.type, run.pid!);
  }
  const [code] = (await exit) as [number | null];
  return { code, summary: last };
}

describe('a run that is sent a SIGTERM', () => {
  it('finishes what it is at and exits with 130, and the next one does exactly the rest', async () => {
    await client.query(
      `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
       select gen_random_uuid(), now(), now(), 'schema', 't_' || n from generate_series(1, ${PLACEMENTS}) n`,
    );
    let signals = 0;

    const interrupted = await migrate((type, pid) => {
      if (type === 'placement' && signals++ === 0) {
        process.kill(pid, 'SIGTERM');
      }
    });

    expect(interrupted).toMatchObject({
      code: 130,
      summary: { type: 'summary', failed: 0, stopped: 'interrupted' },
    });
    const { migrated, notReached } = interrupted.summary!;
    expect(migrated).toBeGreaterThan(0);
    expect(notReached).toBeGreaterThan(0);
    expect(migrated + notReached).toBe(PLACEMENTS);
    const whole = await client.query<{ count: number }>(
      `select count(distinct target)::int as count from catalog.migration where target like 't\\_%'`,
    );
    expect(whole.rows).toEqual([{ count: migrated }]);

    expect(await migrate()).toMatchObject({
      code: 0,
      summary: { migrated: notReached, upToDate: migrated + 1, notReached: 0, stopped: null },
    });
  }, 120_000);

  it('while it only says what it would do ends at once', async () => {
    const locker = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
    await locker.connect();
    // Nothing can be read, so there is time.
    await locker.query('begin; lock table catalog.placement in access exclusive mode');
    const run = startMigrator(database.address, 'migrate', '--dry-run');
    const exit = once(run, 'exit');
    await untilWaiting();

    run.kill('SIGTERM');

    expect(await exit).toEqual([130, null]);
    await locker.end();
  }, 60_000);
});

/** Until somebody waits for a table. */
async function untilWaiting(): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `select from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and not granted`,
    );
    if (rows.length > 0) {
      return;
    }
  }
}
