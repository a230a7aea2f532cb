import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CarryOutOperations,
  PlacementProvisioner,
  RegisterTenant,
  UnitOfWork,
} from '@tenantry/application';
import { slug, TenantRepository } from '@tenantry/domain';
import {
  PersistenceModule,
  ProvisioningModule,
  TenantContext,
  WarmPlacements,
} from '@tenantry/persistence';
import type { MigratorConfig } from '@tenantry/platform';
import { NewTenantSeeding, SeedingModule } from '@tenantry/seeding';
import { say, timed } from '../database.ts';

/** What it took to find tenants a schema of their own, in milliseconds. */
export interface WarmPool {
  /** One of the pool, instead of the making of one. */
  readonly takenMs: readonly number[];
  /** All from the request until the tenant is let in, with one of the pool, … */
  readonly warmTenantMs: readonly number[];
  /** … and with one that was made. */
  readonly coldTenantMs: readonly number[];
}

@Module({})
class ProvisionerModule {}

/** So many of each kind. */
export async function measureWarmPool(config: MigratorConfig, tenants: number): Promise<WarmPool> {
  say(`giving ${2 * tenants} tenants a schema from the warm pool, and making one for ${tenants}`);
  const application = await NestFactory.createApplicationContext(
    {
      module: ProvisionerModule,
      imports: [
        PersistenceModule.forRoot(config.database),
        ProvisioningModule.forRoot(config, NewTenantSeeding),
        SeedingModule.forRoot(),
      ],
    },
    { logger: ['error'] },
  );
  // The first of each finds nothing in memory.
  const each = async (kind: string, make: typeof makeTenant): Promise<number[]> => {
    const times: number[] = [];
    for (let number = 0; number <= tenants; number++) {
      times.push(await make(application, `${kind}-${number}`));
    }
    return times.slice(1);
  };
  try {
    await application.get(WarmPlacements).fill(2 * (tenants + 1), new AbortController().signal);
    return {
      takenMs: await each('taken', takePlacement),
      warmTenantMs: await each('warm', makeTenant),
      coldTenantMs: await each('cold', makeTenant),
    };
  } finally {
    await application.close();
  }
}

/** Finds a tenant a placement that is at the newest version, by what the provisioner does for it. */
async function takePlacement(application: INestApplicationContext, name: string): Promise<number> {
  const provisioner = application.get(PlacementProvisioner, { strict: false });
  return asOperator(application, async () => {
    const { tenant } = await register(application, name);
    const placeMs = await timed(() => provisioner.place(tenant));
    const placed = await application
      .get(UnitOfWork)
      .run(() => application.get(TenantRepository).getOrFail(tenant.id));
    if (placed.placement === null || placed.placement.id === tenant.placement?.id) {
      throw new Error(`There was none for ${name} in the pool.`);
    }
    const { placement } = placed;
    const makeMs = await timed(() => provisioner.make(placement));
    await application.get(CarryOutOperations).due();
    return placeMs + makeMs;
  });
}

/** @throws {Error} when it is not let in */
async function makeTenant(application: INestApplicationContext, name: string): Promise<number> {
  return asOperator(application, () =>
    timed(async () => {
      const { operation } = await register(application, name);
      const [done] = await application.get(CarryOutOperations).due();
      if (done?.id !== operation?.id || done?.status !== 'done') {
        throw new Error(`${name} was not made.`);
      }
    }),
  );
}

function register(
  application: INestApplicationContext,
  name: string,
): ReturnType<RegisterTenant['run']> {
  return application.get(RegisterTenant).run({ slug: slug(name), name, isolation: 'schema' });
}

function asOperator<Result>(
  application: INestApplicationContext,
  work: () => Promise<Result>,
): Promise<Result> {
  return application.get(TenantContext).runAsOperator('a benchmark', work);
}
