import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import pg from 'pg';
import { startMigrator } from './testing/start-migrator.ts';

const TENANTS = 300;
const ROWS = 15_000;
/** `nx run migrator:kills` does it fifty times. */
const KILLS = Number(process.env['KILLS'] ?? 10);
/** After this time a few tenants more are seeded. */
const LONGEST_MS = 30;
/** What a run has said last before it is killed: in turn before, at the beginning, and in the middle of the tenants. */
const MOMENTS = ['run', 'waves', 'tenant', 'tenant', 'tenant'];
const LOAD = [
  ...['seed', '--profile', 'load', '--tenants', String(TENANTS), '--rows', String(ROWS)],
  ...['--dedicated', '2', '--json'],
];

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

async function exitCodeOf(...args: string[]): Promise<unknown> {
  const run = startMigrator(database.address, ...args);
  run.stdout.resume();
  const [code] = (await once(run, 'exit')) as [number | null];
  return code;
}

/** How many rows there are over all placements, owner's view. */
async function rows(): Promise<Record<string, number>> {
  const { rows: schemas } = await client.query<{ name: string }>(
    'select schema_name as name from catalog.placement',
  );
  const all = schemas
    .map(
      ({ name }) => `select (select count(*) from "${name}".member) as members,
        (select count(*) from "${name}".project where key <> 'INBOX') as projects,
        (select count(*) from "${name}".project where key = 'INBOX') as inboxes,
        (select count(*) from "${name}".task) as tasks`,
    )
    .join(' union all ');
  const { rows: counts } = await client.query<Record<string, number>>(
    `select sum(members + projects + tasks)::int as rows, sum(inboxes)::int as inboxes,
       (select count(*)::int from catalog.tenant where status = 'active') as tenants,
       (select count(*)::int from catalog.seed where seeder = 'load.rows') as seeded from (${all}) each`,
  );
  return counts[0]!;
}

describe('a seeding that is killed', () => {
  it('at any point, any number of times, is completed by the next one, and the counts are exact', async () => {
    expect(await exitCodeOf('migrate')).toBe(0);
    const seeded: number[] = [];
    for (let kills = 0; kills < KILLS; kills += 1) {
      const run = startMigrator(database.address, ...LOAD);
      const exit = once(run, 'exit');
      for await (const line of createInterface(run.stdout)) {
        if (line.startsWith(`{"type":"${MOMENTS[kills % MOMENTS.length]!}"`)) {
          await sleep(Math.random() * LONGEST_MS);
          run.kill('SIGKILL');
          break;
        }
      }
      run.stdout.resume();
      await exit;
      seeded.push((await rows())['seeded']!);
    }

    expect(await exitCodeOf(...LOAD)).toBe(0);

    process.stdout.write(`Tenants seeded at each kill: ${seeded.join(', ')} of ${TENANTS}\n`);
    // They were killed in the middle, and each went on where the one before was killed.
    expect(new Set(seeded.filter((count) => count > 0 && count < TENANTS)).size).toBeGreaterThan(5);
    expect(seeded).toEqual(seeded.toSorted((one, other) => one - other));
    expect(await rows()).toEqual({
      rows: ROWS,
      inboxes: TENANTS,
      tenants: TENANTS,
      seeded: TENANTS,
    });
    expect(await exitCodeOf(...LOAD)).toBe(0);
    expect(await rows()).toMatchObject({ rows: ROWS });
  }, 400_000);
});
