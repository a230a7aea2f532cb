import { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Test } from '@nestjs/testing';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { PersistenceModule, TenantContext, withFleet } from '@tenantry/persistence';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { DatabaseReport, type DatabaseStatistics } from './database-report.ts';
import { HealthModule } from './health.module.ts';
import { Readiness } from './readiness.ts';

let database: TestDatabase;
let config: MigratorConfig;

beforeEach(async () => {
  database = await createEmptyDatabase();
  config = readMigratorConfig({ ...database.address });
});

afterEach(() => database.drop());

async function withHealth(
  work: (health: {
    readiness: Readiness;
    read: () => Promise<DatabaseStatistics>;
    orm: MikroORM;
    context: TenantContext;
    entityManager: EntityManager;
  }) => Promise<void>,
): Promise<void> {
  const module = await Test.createTestingModule({
    imports: [PersistenceModule.forRoot(config.database), HealthModule],
  }).compile();
  const context = module.get(TenantContext);
  await work({
    context,
    readiness: module.get(Readiness),
    read: () => context.runAsOperator('a test', () => module.get(DatabaseReport).read()),
    orm: module.get(MikroORM),
    entityManager: module.get(EntityManager),
  });
  await module.close();
}

const migrate = (): Promise<unknown> => withFleet(config, (fleet) => fleet.migrate());
/** As the owner of the server would. */
async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: config.ownerUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe('readiness', () => {
  it('is there when the migrations of this build have been applied', async () => {
    await migrate();

    await withHealth(async ({ readiness }) => {
      expect(await readiness.isReady()).toBe(true);
    });
  });

  it('is there when a newer build has applied more', async () => {
    await migrate();
    await administer(
      `insert into catalog.migration (target, name) values ('shared', '99990101000000-newer')`,
    );

    await withHealth(async ({ readiness }) => {
      expect(await readiness.isReady()).toBe(true);
    });
  });

  it('is there when only a dedicated placement lags behind', async () => {
    await migrate();
    await administer(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_lagging')`,
    );

    await withHealth(async ({ readiness, read }) => {
      expect(await readiness.isReady()).toBe(true);
      expect((await read()).migrations.outOfRange).toMatchObject([
        { schema: 't_lagging', version: null },
      ]);
    });
  });

  it.each([
    ['one is missing in the catalog', `delete from catalog.migration where target = 'catalog'`],
    [
      'one is missing in the shared placement',
      `delete from catalog.migration where target = 'shared'`,
    ],
    [
      'the database is read-only',
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
    ],
  ])('is gone when %s', async (_what, sql) => {
    await migrate();
    await administer(sql);

    await withHealth(async ({ readiness }) => {
      expect(await readiness.isReady()).toBe(false);
    });
  });

  it('is not there before anything has been migrated', async () => {
    await migrate();
    await administer('drop schema catalog cascade');

    await withHealth(async ({ readiness }) => {
      expect(await readiness.isReady()).toBe(false);
    });
  });

  it('is asked of the database once for many who ask', async () => {
    await migrate();

    await withHealth(async ({ readiness, orm }) => {
      let queries = 0;
      const logger = orm.config.getLogger();
      logger.logQuery = ({ query = '' }) => {
        queries += Number(query.includes('pg_is_in_recovery'));
      };

      const answers = await Promise.all(Array.from({ length: 100 }, () => readiness.isReady()));

      expect(new Set(answers)).toEqual(new Set([true]));
      expect(queries).toBe(1);
    });
  });
});

describe('the report', () => {
  it('says how the database is', async () => {
    await migrate();

    await withHealth(async ({ read }) => {
      const statistics = await read();

      expect(statistics).toMatchObject({ server: { readOnly: false }, oldestTransaction: null });
      expect(statistics.sizes.database).toBeGreaterThan(1_000_000);
      expect(statistics.sizes.largestPlacements).toEqual([
        { schema: 'shared', size: expect.any(Number) as number },
      ]);
      expect(statistics.connections.byState['active']).toBeGreaterThanOrEqual(1);
      expect(statistics.migrations.catalog.pending).toEqual([]);
      expect(statistics.migrations.placements).toEqual([
        { version: expect.stringContaining('unit-of-work') as string, count: 1 },
      ]);
    });
  });

  it('shows a transaction that has been open for long', async () => {
    await migrate();

    await withHealth(async ({ read, context, entityManager }) => {
      await context.runAsOperator('a test', () =>
        entityManager.transactional(async () => {
          await entityManager.execute('select pg_sleep(1.1)');
          const { oldestTransaction, connections, pool } = await read();

          expect(oldestTransaction).toMatchObject({ age: 1, state: 'idle in transaction' });
          expect(connections.byState['idle in transaction']).toBe(1);
          expect(pool.total).toBeGreaterThanOrEqual(1);
        }),
      );
    });
  });
});
