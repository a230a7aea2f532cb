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
     alter table "task" add constraint "checked" check (title <> '') not valid;
     create view "seen" as select id from "other";
     create table "parted" (at int) partition by range (at);
     create table "part" (at int)`,
  );
  const { rows } = await client.query<{ oid: number }>(
    `select oid from pg_class where relname in ('task', 'other', 'seen', 'parted', 'part')`,
  );
  tables = rows.map(({ oid }) => oid);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** What the server says that a statement holds on the table, as the strongest. */
async function locksTaken(sql: string): Promise<string> {
  const { rows } = await client
    .query(`begin; ${sql}`)
    .then(() =>
      client.query<{ mode: string }>(
        `select mode from pg_locks where pid = pg_backend_pid() and relation = any($1)`,
        [tables],
      ),
    )
    .finally(() => client.query('rollback'));
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
    `create table "new" (id uuid references "other")`,
    `create table "new" (id uuid, foreign key (id) references other (id))`,
    `create table "new" (id uuid primary key, up uuid references "new")`,
    `create table "new" (id uuid); alter table "new" add constraint "f" foreign key (id) references "other"`,
    `create table "new" (id uuid); alter table new add p uuid references "other"`,
    `create table "new" (id uuid, note text default 'a, references other')`,
    `create table "new" (id uuid); create index on "new" (id); alter table "new" add p int, enable row level security`,
    `create table "references" (id uuid, "references" text)`,
    `alter table "task" add column p uuid, add constraint "f" foreign key ("other_id") references "other" ("id")`,
    `alter table "task" add constraint "f" foreign key ("other_id") references "other" ("id"), add column p uuid`,
    `alter table "task" validate constraint "checked", drop column "done"`,
    `ALTER TABLE ONLY public."task" /* , */ VALIDATE CONSTRAINT "checked"`,
    `create or replace view "seen" as select id from "other"`,
    `-- a view\n create or replace view "seen" as select id from "other"`,
    `create view "new" as select id from "task"; create or replace view "new" as select id from "task"`,
    `drop view "seen"`,
    `comment on table "task" is 'to do'`,
    `comment on column "task"."done" is 'drop'`,
    `create table "new" partition of "parted" for values from (1) to (2)`,
    `create table "new" () inherits ("task")`,
    `alter table "parted" attach partition "part" for values from (1) to (2)`,
    `create table "new" (at int) partition by range (at); alter table "new" attach partition "part" for values from (1) to (2)`,
    `create table "new" (like "task" including all); alter table "new" inherit "task"`,
    `insert into "task" select gen_random_uuid(), 'drop'; create table "new" (id uuid)`,
    `create table "new" as select * from "task"; update "new" set title = ''; drop index "task_done_idx"`,
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
