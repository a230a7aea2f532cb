import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { createMigration, schemaDifference } from './new-migration.ts';
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

describe('a migration that is created', () => {
  it('has what the mapping has and the list lacks, and is listed after those before it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tenantry-migrations-'));
    await mkdir(join(directory, 'tenant'));
    await writeFile(join(directory, 'tenant/20200101000000-first-step.ts'), '');

    const path = await createMigration(
      'tenant',
      'add-everything',
      config.ownerUrl,
      config.database,
      { directory, lists: { catalog: [], tenant: [] } },
    );

    const name = basename(path ?? '', '.ts');
    expect(name).toMatch(/^\d{14}-add-everything$/);
    const source = await readFile(path ?? '', 'utf8');
    expect(source).toContain('export class AddEverything extends SchemaMigration {');
    expect(source).toContain(`override readonly kind = 'expand';`);
    expect(source).toMatch(
      /override up\(\)[^]*create table "project"[^]*override down\(\)[^]*drop table/,
    );
    expect(source).not.toContain('public');
    expect(await readFile(join(directory, 'tenant/list.ts'), 'utf8')).toBe(
      `import type { ListedMigration } from '../schema-migration.ts';
import { FirstStep } from './20200101000000-first-step.ts';
import { AddEverything } from './${name}.ts';

export const tenantMigrations: readonly ListedMigration[] = [
  { name: '20200101000000-first-step', class: FirstStep },
  { name: '${name}', class: AddEverything },
];
`,
    );
    await rm(directory, { recursive: true });
  });
});
