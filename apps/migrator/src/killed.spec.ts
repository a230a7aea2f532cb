import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { migrationLists } from '@tenantry/persistence';
import pg from 'pg';
import { startMigrator } from './testing/start-migrator.ts';

const PLACEMENTS = 150;
/** `nx run migrator:kills` does it fifty times. */
const KILLS = Number(process.env['KILLS'] ?? 8);
/** Within about this time after the first placement a run of its own would be done. */
const LONGEST_MS = 150;

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const migrate = (): Run => startMigrator(database.address, 'migrate', '--json');
type Run = ReturnType<typeof startMigrator>;

async function exitCodeOf(run: Run): Promise<unknown> {
  run.stdout.resume();
  const [code] = (await once(run, 'exit')) as [number | null];
  return code;
}

async function query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  return (await client.query<Row>(sql)).rows;
}

describe('a run that is killed', () => {
  it('at any point, any number of times, is completed by the next one, and nothing is to be unlocked', async () => {
    expect(await exitCodeOf(migrate())).toBe(0);
    await query(
      `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
         select gen_random_uuid(), now(), now(), 'schema', 't_' || n from generate_series(1, ${PLACEMENTS}) n`,
    );
    const done: number[] = [];
    for (let kills = 0; kills < KILLS; kills += 1) {
      const run = migrate();
      const exit = once(run, 'exit');
      for await (const line of createInterface(run.stdout)) {
        if (line.includes('"type":"waves"')) {
          await sleep(Math.random() * LONGEST_MS);
          run.kill('SIGKILL');
          break;
        }
      }
      run.stdout.resume();
      await exit;
      const [{ count }] = (await query<{ count: number }>(
        `select count(distinct target)::int as count from catalog.migration where target like 't\\_%'`,
      )) as [{ count: number }];
      done.push(count);
    }

    expect(await exitCodeOf(migrate())).toBe(0);

    process.stdout.write(`Placements done at each kill: ${done.join(', ')} of ${PLACEMENTS}\n`);
    // They were killed in the middle, and each went on where the one before was killed.
    expect(new Set(done.filter((count) => count < PLACEMENTS)).size).toBeGreaterThan(2);
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    expect(
      await query(
        `select tables, migrations, count(*)::int as placements from (
             select schema_name, (select count(*)::int from pg_tables where schemaname = schema_name) as tables,
               (select count(*)::int from catalog.migration where target = schema_name) as migrations
             from catalog.placement) each group by 1, 2`,
      ),
    ).toEqual([
      { tables: 6, migrations: migrationLists.tenant.length, placements: PLACEMENTS + 1 },
    ]);
    expect(await query('select * from catalog.migration_failure')).toEqual([]);
  }, 240_000);
});
