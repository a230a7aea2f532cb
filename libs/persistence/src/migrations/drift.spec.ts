import type { MikroORM } from '@mikro-orm/postgresql';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { createOwnerOrm } from '../connection/owner-orm.ts';
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
