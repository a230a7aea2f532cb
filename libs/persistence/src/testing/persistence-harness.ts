import { setTimeout as sleep } from 'node:timers/promises';
import { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Test } from '@nestjs/testing';
import { UnitOfWork } from '@tenantry/application';
import { MemberRepository, newId, ProjectRepository, type Slug, slug } from '@tenantry/domain';
import { createTestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { withFleet } from '../migrations/with-fleet.ts';
import { PersistenceModule } from '../persistence.module.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';
import { TransactionalService } from '../unit-of-work/transactional.service.ts';

const DEDICATED_SCHEMA = 't_0190000000007000800000000000d1ce';

/** Two tenants that share a placement, and one with a placement of its own. */
export const acme = tenant('acme', 'shared');
export const globex = tenant('globex', 'shared');
export const initech = tenant('initech', DEDICATED_SCHEMA);
export const tenants = [acme, globex, initech];

/** A database of the spec file's own, migrated, with the data access layer connected to it as the app. */
export async function startPersistence(variables: Record<string, string> = {}) {
  const database = await createTestDatabase((address) =>
    withFleet(readMigratorConfig({ ...address }), async (fleet) => {
      await fleet.migrate();
      await fleet.migratePlacement(DEDICATED_SCHEMA);
    }),
  );
  const persistence = await connectPersistence(
    readMigratorConfig({ ...database.address, ...variables }),
  );
  return {
    ...persistence,
    stop: async (): Promise<void> => {
      await persistence.stop();
      await database.drop();
    },
  };
}

export type Persistence = Awaited<ReturnType<typeof startPersistence>>;

/** The data access layer on a database that is there: another process of the app, as it were. */
export async function connectPersistence(config: MigratorConfig) {
  const module = await Test.createTestingModule({
    imports: [PersistenceModule.forRoot(config.database)],
  }).compile();
  const context = module.get(TenantContext);
  const unitOfWork = module.get(UnitOfWork);
  const orm = module.get(MikroORM);
  return {
    config,
    context,
    unitOfWork,
    entityManager: module.get(EntityManager),
    orm,
    transactional: module.get(TransactionalService),
    members: module.get(MemberRepository),
    projects: module.get(ProjectRepository),
    get: module.get.bind(module),
    /** One unit of work on behalf of a tenant. */
    as: <Result>(who: PlacedTenant, work: () => Promise<Result>): Promise<Result> =>
      context.run(who, () => unitOfWork.run(work)),
    /** SQL of the owner, who bypasses the policies: what it sees is what would be seen without them. */
    asOwner: async <Rows extends object[]>(
      sql: string,
      parameters: unknown[] = [],
    ): Promise<Rows> => {
      const owner = createOwnerOrm(config.ownerUrl, config.database);
      try {
        return await owner.em.fork().execute<Rows>(sql, parameters);
      } finally {
        await owner.close();
      }
    },
    /** The text of what is sent to the database meanwhile. */
    queriesOf: async (work: () => Promise<unknown>): Promise<string[]> => {
      const queries: string[] = [];
      const logger = orm.config.getLogger();
      const logQuery = logger.logQuery.bind(logger);
      logger.logQuery = (line) => {
        queries.push(line.query ?? '');
        logQuery(line);
      };
      await work();
      logger.logQuery = logQuery;
      return queries;
    },
    stop: (): Promise<void> => module.close(),
  };
}

/** Waits until it is tried again to reach a server that is back: that may be some seconds later. */
export async function untilReachable({
  as,
  entityManager,
}: Pick<Persistence, 'as' | 'entityManager'>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await as(acme, () => entityManager.execute('select 1'));
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw error;
      }
      await sleep(50);
    }
  }
}

/** Puts the tenants into the catalog, for what goes by that. */
export async function registerTenants({ asOwner }: Pick<Persistence, 'asOwner'>): Promise<void> {
  await asOwner(
    `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', '${DEDICATED_SCHEMA}')`,
  );
  for (const { id, slug: name, schema } of tenants) {
    await asOwner(
      `insert into catalog.tenant (id, created_at, updated_at, slug, name, status, plan, features, configuration, placement_id)
       select ?, now(), now(), ?, ?, 'active', 'free', '{}', '{}', id from catalog.placement where schema_name = ?`,
      [id, name, name, schema],
    );
  }
}

function tenant(name: string, schema: string): PlacedTenant {
  return { id: newId(), slug: slug(name) satisfies Slug, schema };
}
