import type { MikroORM } from '@mikro-orm/postgresql';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { migration, one, useFleets } from '../testing/fleets.ts';
import { FleetMigrator } from './fleet-migrator.ts';
import { migrationLists } from './migration-lists.ts';

const PLACEMENTS = 30;

let database: TestDatabase;
let config: MigratorConfig;
let owner: MikroORM;
let fleet: FleetMigrator;

beforeAll(async () => {
  database = await createEmptyDatabase();
  config = readMigratorConfig({ ...database.address });
  owner = createOwnerOrm(config.ownerUrl, config.database);
  fleet = new FleetMigrator(owner, config.database);
  await fleet.migrate();
  await query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
     select gen_random_uuid(), now(), now(), 'schema', 't_' || n from generate_series(1, ${PLACEMENTS}) n`,
  );
  await fleet.migrate();
});

afterAll(async () => {
  await owner.close();
  await database.drop();
});

const query = <T extends object[]>(sql: string): Promise<T> => owner.em.fork().execute<T>(sql);

describe('what is in the placements', () => {
  it('is what the migrations make, and nothing is left of comparing', async () => {
    expect(await fleet.verify()).toEqual({ equal: PLACEMENTS + 1, different: [], unknown: [] });
    expect(await query(`select from pg_namespace where nspname like 'tenantry\\_%'`)).toEqual([]);
  });

  it.each([
    [
      'a column',
      `alter table t_7.project add note text`,
      `alter table t_7.project drop note`,
      [],
      ['column project.note text'],
    ],
    [
      'the type of a column',
      `alter table t_7.member alter name type varchar(200)`,
      `alter table t_7.member alter name type text`,
      ['column member.name text not null'],
      ['column member.name character varying(200) not null'],
    ],
    [
      'an index',
      `drop index t_7.task_labels_idx`,
      `create index task_labels_idx on t_7.task using gin (labels)`,
      ['index CREATE INDEX task_labels_idx ON task USING gin (labels)'],
      [],
    ],
    [
      'forced row security',
      `alter table t_7.task no force row level security`,
      `alter table t_7.task force row level security`,
      ['table task r row security forced'],
      ['table task r row security'],
    ],
    [
      'a policy',
      `alter policy tenant_isolation on t_7.task using (true)`,
      `alter policy tenant_isolation on t_7.task using (tenant_id = current_setting('app.tenant_id')::uuid)`,
      [expect.stringContaining('policy task.tenant_isolation * to {} using (tenant_id')],
      [expect.stringContaining('policy task.tenant_isolation * to {} using true')],
    ],
    [
      'a foreign key',
      `alter table t_7.task drop constraint task_project_fkey`,
      `alter table t_7.task add constraint task_project_fkey foreign key (tenant_id, project_id) references t_7.project (tenant_id, id) on delete cascade`,
      [
        'constraint task.task_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project(tenant_id, id) ON DELETE CASCADE',
      ],
      [],
    ],
  ])(
    'and differs by hand in %s is named, line by line',
    async (_what, change, back, missing, unexpected) => {
      await query(change);
      await query('alter table t_9.member add forgotten int');

      const report = await fleet.verify().finally(async () => {
        await query(back);
        await query('alter table t_9.member drop forgotten');
      });

      expect(report).toEqual({
        equal: PLACEMENTS - 1,
        different: [
          { schema: 't_7', missing, unexpected },
          { schema: 't_9', missing: [], unexpected: ['column member.forgotten integer'] },
        ],
        unknown: [],
      });
      expect(await fleet.verify({ only: ['t_7', 't_9'] })).toMatchObject({ equal: 2 });
    },
  );

  it.each([
    [
      'a policy that only restricts',
      `drop policy tenant_isolation on t_7.task;
       create policy tenant_isolation on t_7.task as restrictive using (tenant_id = current_setting('app.tenant_id')::uuid)
         with check (tenant_id = current_setting('app.tenant_id')::uuid)`,
      `drop policy tenant_isolation on t_7.task;
       create policy tenant_isolation on t_7.task using (tenant_id = current_setting('app.tenant_id')::uuid)
         with check (tenant_id = current_setting('app.tenant_id')::uuid)`,
      [expect.stringContaining('policy task.tenant_isolation * to {}')],
      [expect.stringContaining('policy task.tenant_isolation * restrictive to {}')],
    ],
    [
      'a table that a crash empties',
      'alter table t_7.outbox_event set unlogged',
      'alter table t_7.outbox_event set logged',
      [
        expect.stringContaining('sequence outbox_event_position_seq bigint'),
        'table outbox_event r row security forced',
      ],
      [
        expect.stringContaining('sequence outbox_event_position_seq unlogged bigint'),
        'table outbox_event r unlogged row security forced',
      ],
    ],
    [
      'how a column sorts',
      'alter table t_7.member alter name type text collate "C"',
      'alter table t_7.member alter name type text collate "default"',
      ['column member.name text not null'],
      ['column member.name text collate "C" not null'],
    ],
    [
      'foreign keys that nobody holds to',
      'alter table t_7.member disable trigger all',
      'alter table t_7.member enable trigger all',
      [],
      [
        'constraint task.task_assignee_fkey member RI_FKey_noaction_del (disabled)',
        'constraint task.task_assignee_fkey member RI_FKey_noaction_upd (disabled)',
      ],
    ],
    [
      'triggers and rules that sleep',
      `create function t_7.nothing() returns trigger language plpgsql as 'begin return null; end';
       create trigger busy after insert on t_7.task execute function t_7.nothing();
       create trigger idle after insert on t_7.task execute function t_7.nothing();
       create rule quiet as on delete to t_7.task do instead nothing;
       alter table t_7.task disable trigger idle;
       alter table t_7.task disable rule quiet`,
      `drop rule quiet on t_7.task; drop function t_7.nothing() cascade`,
      [],
      [
        expect.stringContaining('function CREATE OR REPLACE FUNCTION nothing()'),
        'rule CREATE RULE quiet AS\n    ON DELETE TO task DO INSTEAD NOTHING; (disabled)',
        'trigger CREATE TRIGGER busy AFTER INSERT ON task FOR EACH STATEMENT EXECUTE FUNCTION nothing()',
        'trigger CREATE TRIGGER idle AFTER INSERT ON task FOR EACH STATEMENT EXECUTE FUNCTION nothing() (disabled)',
      ],
    ],
    [
      'a sequence',
      'create sequence t_7.number as int increment 5 cache 10 cycle',
      'drop sequence t_7.number',
      [],
      ['sequence number integer start 1 by 5 from 1 to 2147483647 cache 10 cycle'],
    ],
    [
      'types',
      `create type t_7.mood as enum ('sad', 'glad');
       create domain t_7.size as text collate "C" default 'm' not null constraint known check (value in ('m', 'l'));
       create type t_7.place as (town text, mood t_7.mood)`,
      'drop type t_7.place, t_7.mood; drop domain t_7.size',
      [],
      [
        'column place.mood mood',
        'column place.town text',
        `constraint size.known CHECK ((VALUE = ANY (ARRAY['m'::text, 'l'::text])))`,
        `domain size text collate "C" not null default 'm'::text`,
        `enum mood 'sad', 'glad'`,
        'table place c',
      ],
    ],
    [
      'rows that are elsewhere',
      `create foreign data wrapper elsewhere; create server far foreign data wrapper elsewhere;
       create foreign table t_7.distant (id uuid) server far options (name 'near')`,
      'drop foreign data wrapper elsewhere cascade',
      [],
      ['column distant.id uuid', 'foreign table distant far {name=near}', 'table distant f'],
    ],
    [
      'rows that show in another table',
      'create table t_7.base (a int); create table t_7.more () inherits (t_7.base)',
      'drop table t_7.more, t_7.base',
      [],
      [
        'column base.a integer',
        'column more.a integer',
        'inherits more base',
        'table base r',
        'table more r',
      ],
    ],
    [
      'parts of a table',
      `create table t_7.event (at int) partition by range (at);
       create table t_7.early partition of t_7.event for values from (1) to (5)`,
      'drop table t_7.event',
      [],
      [
        'column early.at integer',
        'column event.at integer',
        'inherits early event FOR VALUES FROM (1) TO (5)',
        'table early r',
        'table event p by RANGE (at)',
      ],
    ],
    [
      'an aggregate',
      'create aggregate t_7.total(int) (sfunc = int4pl, stype = int, initcond = 7)',
      'drop aggregate t_7.total(int)',
      [],
      ['function total(integer) by int4pl - 7'],
    ],
  ])('by which it differs are named: %s', async (_what, change, back, missing, unexpected) => {
    await query(change);

    const { different } = await fleet.verify({ only: ['t_7'] }).finally(() => query(back));

    expect(different).toEqual([{ schema: 't_7', missing, unexpected }]);
    expect(await fleet.verify({ only: ['t_7'] })).toMatchObject({ equal: 1 });
  });

  it('does not differ by what an extension owns', async () => {
    await query('create extension if not exists citext schema t_7; create extension lo schema t_7');

    const report = await fleet.verify({ only: ['t_7'] });

    await query('drop extension citext; drop extension lo');
    expect(report).toMatchObject({ equal: 1, different: [] });
  });

  it('is compared with what has been applied there, and not judged where that is unknown', async () => {
    await fleet.rollback({ list: 'tenant', only: ['t_3'], loseData: true });
    const older = new FleetMigrator(owner, config.database, {
      ...migrationLists,
      tenant: migrationLists.tenant.slice(0, -1),
    });

    expect(await fleet.verify()).toMatchObject({ equal: PLACEMENTS + 1, different: [] });
    expect(await older.verify()).toMatchObject({
      equal: 1,
      different: [],
      unknown: { length: PLACEMENTS },
    });
    await fleet.migrate();
  });
});

describe('a type that all placements share', () => {
  const { fleet, fleetOf, query: run } = useFleets();

  it('has one name, wherever it is looked at from', async () => {
    await run('create extension citext schema public; grant usage on schema public to public');
    const migrations = [one, migration('2-two', 'alter table note add body public.citext')];
    await fleetOf(1, migrations);

    expect(await fleet(migrations).verify()).toMatchObject({ equal: 2, different: [] });
  });
});
