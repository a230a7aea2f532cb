import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { createTestDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { withFleet } from '@tenantry/persistence';
import { readApiConfig, readMigratorConfig } from '@tenantry/platform';
import { createApi } from './create-api.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase((address) =>
    withFleet(readMigratorConfig({ ...address }), async (fleet) => {
      await fleet.migrate();
    }),
  );
});

afterEach(async () => {
  jest.restoreAllMocks();
  await database.drop();
});

async function administer(sql: string): Promise<void> {
  const orm = new MikroORM({
    clientUrl: database.address.MIGRATOR_DATABASE_URL,
    entities: [],
    contextName: 'administrator',
    discovery: { warnWhenNoEntities: false },
  });
  await orm.em.fork().execute(sql);
  await orm.close();
}

/** Starts the API as serve does, and gives what it warned of. */
async function start(variables: Record<string, string>): Promise<string[]> {
  const warnings: string[] = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
    warnings.push(JSON.stringify(line));
  });
  const api = await createApi(
    readApiConfig({
      LOG_LEVEL: 'silent',
      OPERATOR_TOKEN: 'operator-of-the-tests',
      ...database.address,
      ...variables,
    }),
  );
  await api.close();
  return warnings;
}

const production = { NODE_ENV: 'production', DB_ALLOW_OLD_SERVER: 'true' };
const LEAK = 'alter table shared.member no force row level security';

describe('a database on which tenants are isolated', () => {
  it('is served from in production', async () => {
    expect(await start(production)).not.toContainEqual(expect.stringContaining('leak'));
  });
});

describe('a database with a leak', () => {
  beforeEach(() => administer(LEAK));

  it('is refused in production, with what is wrong and what to do', async () => {
    await expect(start(production)).rejects.toThrow(
      /not isolated[^]*leak row-security-forced: shared.member[^]*force row level security/,
    );
  });

  it('is warned of in development', async () => {
    expect(await start({ NODE_ENV: 'test' })).toContainEqual(
      expect.stringContaining('leak row-security-forced: shared.member'),
    );
  });
});

describe('a database that has not been migrated', () => {
  it('is no reason not to start: nobody is served from it yet', async () => {
    await administer('drop schema catalog cascade');

    expect(await start(production)).toContainEqual(expect.stringContaining('not been migrated'));
  });
});
