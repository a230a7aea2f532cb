import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { schemaDifference } from './new-migration.ts';
import { MIGRATION_LISTS } from './schema-migration.ts';
import { withScratchDatabase } from './scratch-database.ts';

let database: TestDatabase;
let config: MigratorConfig;

beforeAll(async () => {
  database = await createEmptyDatabase();
  config = readMigratorConfig({ ...database.address });
});

afterAll(() => database.drop());

describe.each(MIGRATION_LISTS)('the migrations of the %s list', (list) => {
  it('make exactly what the mapping has', async () => {
    expect(await schemaDifference(list, config.ownerUrl, config.database)).toEqual({
      up: '',
      down: '',
    });
  });
});

describe('a difference between migrations and mapping', () => {
  it.each([
    [
      'a column',
      'alter table project drop column description cascade',
      'add "description" text not null',
    ],
    [
      'a unique key',
      'alter table project drop constraint project_key_key',
      'unique ("tenant_id", "key")',
    ],
    [
      'a foreign key',
      'alter table task drop constraint task_assignee_fkey',
      'foreign key ("tenant_id", "assignee_id")',
    ],
    [
      'a policy',
      'drop policy tenant_isolation on member',
      'create policy "tenant_isolation" on "member"',
    ],
    [
      'forced row security',
      'alter table task no force row level security',
      'alter table "task" force row level security',
    ],
    [
      'an index',
      'drop index member_email_key',
      'create unique index "member_email_key" on "member"',
    ],
  ])('is seen when the database lacks %s', async (_what, sql, missing) => {
    const { up } = await withScratchDatabase(
      'tenant',
      config.ownerUrl,
      config.database,
      async (orm) => {
        await orm.em.fork().execute(sql);
        return orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
      },
    );

    expect(up).toContain(missing);
  });
});
