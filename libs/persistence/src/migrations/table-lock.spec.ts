import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import pg from 'pg';
import { migrationLists } from './migration-lists.ts';
import { compile } from './compiled-migration.ts';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { readMigratorConfig } from '@tenantry/platform';
import { strongestLock, TABLE_LOCKS } from './table-lock.ts';

let database: TestDatabase;
let client: pg.Client;
let tables: number[];

beforeAll(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
  await client.connect();
  await client.query(
    `create table "other" (id uuid primary key, name text);
     create table "task" (id uuid primary key, title text not null, other_id uuid, done boolean);
     create index "task_done_idx" on "task" (done);
     alter table "task" add constraint "checked" check (title <> '') not valid`,
  );
  const { rows } = await client.query<{ oid: number }>(
    `select oid from pg_class where relname in ('task', 'other')`,
  );
  tables = rows.map(({ oid }) => oid);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** What the server says that a statement holds on the table, as the strongest. */
async function locksTaken(sql: string): Promise<string> {
  await client.query(`begin; ${sql}`);
  const { rows } = await client.query<{ mode: string }>(
    `select mode from pg_locks where pid = pg_backend_pid() and relation = any($1)`,
    [tables],
  );
  await client.query('rollback');
  const names = rows.map(({ mode }) =>
    mode
      .replace(/Lock$/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toUpperCase(),
  );
  return TABLE_LOCKS.findLast((lock) => names.includes(lock)) ?? 'none';
}

describe('the lock that is said of a statement', () => {
  it.each([
    `create table "new" (id uuid)`,
    `create view "v" with (security_invoker = true) as select id from "task"`,
    `grant select on "task" to public`,
    `insert into "task" values (gen_random_uuid(), 'x')`,
    `update "task" set done = true`,
    `delete from "task"`,
    `alter table "task" validate constraint "checked"`,
    `analyze "task"`,
    `create index "i" on "task" (title)`,
    `create unique index "i" on "task" (title)`,
    `alter table "task" add constraint "f" foreign key ("other_id") references "other" ("id")`,
    `alter table "task" add column "due" date`,
    `alter table "task" alter column "title" drop not null`,
    `alter table "task" rename column "title" to "name"`,
    `alter table "task" enable row level security`,
    `create policy "p" on "task" using (true)`,
    `drop table "task"`,
    `truncate "task"`,
  ])('%s is the one that the server takes', async (sql) => {
    expect(strongestLock([sql])).toBe(await locksTaken(sql));
  });

  it('is none for what is done to a table that is made with it', async () => {
    const config = readMigratorConfig({ ...database.address });
    const orm = createOwnerOrm(config.ownerUrl, config.database);
    const { tenant } = await compile(orm, migrationLists);
    await orm.close();

    const locks = Object.fromEntries(tenant.map(({ name, up }) => [name, strongestLock(up)]));
    expect(locks).toMatchObject({
      '20261122120000-initial': 'none',
      '20261124232657-unit-of-work': 'none',
    });
  });

  it('is the worst where nobody knows', () => {
    expect(strongestLock(['do $$ begin end $$'])).toBe('ACCESS EXCLUSIVE');
  });
});
