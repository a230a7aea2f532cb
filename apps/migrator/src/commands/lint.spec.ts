import { jest } from '@jest/globals';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import {
  compileWithoutServer,
  migrationLists,
  type MigrationLists,
  SchemaMigration,
  withFleet,
} from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { lintMigrations } from './lint.ts';
import { plan } from './plan.ts';

class AddPin extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql('create unique index pin_key on shared.task (title);');
  }
}

class AddPinAllTheSame extends AddPin {
  override readonly accepts = {
    'hard-coded-schema': 'planted',
    'unique-key': 'planted',
    'require-concurrent-index-creation': 'planted',
  };
}

const listsWith = (added: typeof AddPin): MigrationLists => ({
  ...migrationLists,
  tenant: [...migrationLists.tenant, { name: '20300101000000-add-pin', class: added }],
});
const RULES = ['hard-coded-schema', 'unique-key', 'require-concurrent-index-creation'];

let printed: string;

beforeEach(() => {
  printed = '';
  jest.spyOn(console, 'log').mockImplementation((line: string) => {
    printed += line;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('lint', () => {
  it('exits with 0 for the migrations of this build', async () => {
    expect(await lintMigrations({})).toBe(0);
    expect(printed).toMatch(/^There is nothing to say against the \d+ migrations\.$/);
  });

  it('exits with 1 when something is wrong, and says what and where', async () => {
    expect(await lintMigrations({}, listsWith(AddPin))).toBe(1);
    expect(printed).toMatch(
      /^tenant 20300101000000-add-pin\n {2}! hard-coded-schema: It names the schema shared.*\n {6}create unique index pin_key/,
    );

    printed = '';
    expect(await lintMigrations({ json: true }, listsWith(AddPin))).toBe(1);
    expect(JSON.parse(printed)).toEqual({
      findings: RULES.map((rule) => ({
        list: 'tenant',
        migration: '20300101000000-add-pin',
        rule,
        message: expect.any(String) as string,
        statement: 'create unique index pin_key on shared.task (title);',
      })),
    });
  });

  it('exits with 0 when it is accepted with a reason', async () => {
    expect(await lintMigrations({}, listsWith(AddPinAllTheSame))).toBe(0);
  });

  it('is nothing that checksums know of, so that exceptions can be added to what has landed', async () => {
    const before = await compileWithoutServer(listsWith(AddPin));
    const after = await compileWithoutServer(listsWith(AddPinAllTheSame));

    expect(after.tenant.at(-1)).toMatchObject({ checksum: before.tenant.at(-1)?.checksum });
  });
});

describe('plan', () => {
  const environment = { ...process.env };
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    Object.assign(process.env, { NODE_ENV: 'test', LOG_LEVEL: 'silent', ...database.address });
    await withFleet(readMigratorConfig(), (fleet) => fleet.migrate());
  });

  afterAll(async () => {
    process.env = { ...environment };
    await database.drop();
  });

  it('exits with 1 when something is wrong with what is pending, beneath whose SQL it says so', async () => {
    expect(await plan({}, { lists: listsWith(AddPin) })).toBe(1);
    expect(printed).toMatch(
      /^20300101000000-add-pin \(expand, up\) in 1, in a transaction, locks: SHARE\n {2}create unique .*\n {2}! hard-coded-schema: /m,
    );

    printed = '';
    expect(await plan({ json: true }, { lists: listsWith(AddPin) })).toBe(1);
    const { migrations } = JSON.parse(printed) as {
      migrations: { name: string; findings: { rule: string }[] }[];
    };
    expect(
      migrations
        .filter(({ findings }) => findings.length > 0)
        .map(({ name, findings }) => [name, findings.map(({ rule }) => rule)]),
    ).toEqual([['20300101000000-add-pin', RULES]]);
  });

  it('exits with 0 when it is accepted with a reason', async () => {
    expect(await plan({}, { lists: listsWith(AddPinAllTheSame) })).toBe(0);
    expect(printed).not.toContain('  ! ');
  });
});
