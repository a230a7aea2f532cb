import { Test } from '@nestjs/testing';
import {
  CarryOutOperations,
  OperationSteps,
  ReferenceSeeding,
  RegisterTenant,
  type RegisterTenantInput,
  type TenantStanding,
} from '@tenantry/application';
import {
  type Isolation,
  type OperationStep,
  slug,
  type Tenant,
  TenantOperationRepository,
  TenantRepository,
} from '@tenantry/domain';
import type { MigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { PersistenceModule } from '../persistence.module.ts';
import { ProvisioningModule } from '../provisioning/provisioning.module.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';

/** What is seeded is for the seeders' own specs. */
class NoSeeding extends ReferenceSeeding {
  override seed(): Promise<void> {
    return Promise.resolve();
  }
}

/** A provisioner as in a process of its own, over the database of a spec file. */
export async function startProvisioner(config: MigratorConfig) {
  const module = await Test.createTestingModule({
    imports: [
      PersistenceModule.forRoot(config.database),
      ProvisioningModule.forRoot(config, NoSeeding),
    ],
  }).compile();
  const asOperator = <Result>(work: () => Promise<Result>): Promise<Result> =>
    module.get(TenantContext).runAsOperator('a test', work);
  const carryOut = module.get(CarryOutOperations);
  const steps = module.get(OperationSteps, { strict: false });
  const run = steps.run.bind(steps);
  const done: string[] = [];
  /** Does what a step does, notes it, and then what the spec wants to happen. */
  const afterStep = (what: (step: OperationStep, tenant: Tenant) => void): void => {
    steps.run = async (step, tenant) => {
      const report = await run(step, tenant);
      done.push(`${tenant.slug} ${step}`);
      what(step, tenant);
      return report;
    };
  };
  afterStep(() => undefined);
  return {
    asOperator,
    carryOut,
    /** The steps that were done, as `slug step`. */
    done,
    afterStep,
    get: module.get.bind(module),
    register: (
      name: string,
      isolation: Isolation,
      more: Partial<RegisterTenantInput> = {},
    ): Promise<TenantStanding> =>
      asOperator(() =>
        module.get(RegisterTenant).run({ slug: slug(name), name, isolation, ...more }),
      ),
    pass: () => asOperator(() => carryOut.due()),
    find: async (name: string): Promise<TenantStanding | null> =>
      asOperator(async () => {
        const tenant = await module.get(TenantRepository).findBySlug(slug(name));
        const [operation = null] = tenant
          ? await module.get(TenantOperationRepository).latestOf([tenant.id])
          : [];
        return tenant && { tenant, operation };
      }),
    stop: () => module.close(),
  };
}

export type Provisioner = Awaited<ReturnType<typeof startProvisioner>>;

/** Asks the database as the owner, whom no policy binds. */
export async function asOwner<Row extends object>(
  { ownerUrl }: MigratorConfig,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return (await client.query<Row & pg.QueryResultRow>(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}
