import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CarryOutOperations, RegisterTenant, UnitOfWork } from '@tenantry/application';
import { type Isolation, ProjectRepository, slug, TenantRepository } from '@tenantry/domain';
import { createTestDatabase } from '@tenantry/embedded-postgres';
import {
  PersistenceModule,
  placed,
  ProvisioningModule,
  TenantContext,
  withFleet,
} from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import type { BaseSeeder, SeedRunProfile } from '../base.seeder.ts';
import { DatabaseSeeder } from '../database.seeder.ts';
import { NewTenantSeeding } from '../new-tenant.seeding.ts';
import type { SeedOptions } from '../seed-run.ts';
import { SeedingModule } from '../seeding.module.ts';

/** A database of the spec file's own, migrated, with all that seeds it. */
export async function startSeeding(own: readonly Type<BaseSeeder>[] = []) {
  const database = await createTestDatabase((address) =>
    withFleet(readMigratorConfig({ ...address }), async (fleet) => {
      await fleet.migrate();
    }),
  );
  const config = readMigratorConfig({ ...database.address });
  const module = await Test.createTestingModule({
    imports: [
      PersistenceModule.forRoot(config.database),
      ProvisioningModule.forRoot(config, NewTenantSeeding),
      SeedingModule.forRoot(own),
    ],
  }).compile();
  const get = <Part>(token: abstract new (...parts: never[]) => Part): Part => module.get(token);
  const owner = new pg.Client({ connectionString: config.ownerUrl });
  await owner.connect();

  const asOperator = <Result>(work: () => Promise<Result>): Promise<Result> =>
    get(TenantContext).runAsOperator('test', work);
  const within = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const tenant = await asOperator(() => get(TenantRepository).findBySlug(slug(name)));
    return get(TenantContext).run(placed(tenant!), () => get(UnitOfWork).run(work));
  };
  return {
    config,
    get,
    asOperator,
    /** One unit of work on behalf of a tenant. */
    within,
    seed: (profile: SeedRunProfile, more: Partial<SeedOptions> = {}) =>
      get(DatabaseSeeder).run({ profile, production: false, concurrency: 3, ...more }),
    rehearse: (profile: SeedRunProfile, more: Partial<SeedOptions> = {}) =>
      get(DatabaseSeeder).rehearse({ profile, production: false, concurrency: 3, ...more }),
    makeTenant: (name: string, isolation: Isolation = 'shared') =>
      asOperator(async () => {
        await get(RegisterTenant).run({ slug: slug(name), name, isolation });
        await get(CarryOutOperations).due();
      }),
    /** By key, with the end of the id. */
    projectsOf: (name: string): Promise<readonly string[]> =>
      within(name, async () =>
        (await get(ProjectRepository).page({ limit: 100 })).items
          .map(({ key, id }) => `${key} ${id.slice(-2)}`)
          .sort(),
      ),
    /** SQL of the owner, whom no policy binds. */
    query: async (sql: string): Promise<Record<string, unknown>[]> =>
      (await owner.query<Record<string, unknown>>(sql)).rows,
    stop: async (): Promise<void> => {
      await owner.end();
      await module.close();
      await database.drop();
    },
  };
}

export type Seeding = Awaited<ReturnType<typeof startSeeding>>;
