import type { EntityManager } from '@mikro-orm/core';
import type { RegisterTenant, RegisterTenantInput } from '@tenantry/application';
import { type PlacementRepository, type Slug, Tenant } from '@tenantry/domain';
import { BaseSeeder, type SeedResult } from '../base.seeder.ts';
import { checksumOf } from '../checksum.ts';
import { TenantFactory } from '../factories/tenant.factory.ts';
import type { Wording } from '../factories/wording.ts';
import { removeTenants } from '../tenant.seeder.ts';
import type { LoadPlan } from './load-plan.ts';
import { inChunks } from './load-rows.ts';

const BATCH = 1_000;

/**
 * The tenants of a load. Those of the shared placement are served at once, since there is nothing to be made for them; the
 * others are registered as any, and provisioned by whoever runs it. One that is there already stays as it is.
 */
export class LoadTenantsSeeder extends BaseSeeder {
  override readonly name = 'load.tenants';
  override readonly scope = 'catalog';
  override readonly profiles = ['load'] as const;
  override readonly tenants: readonly Slug[];

  constructor(
    private readonly registerTenant: RegisterTenant,
    private readonly placements: PlacementRepository,
    private readonly plan: LoadPlan,
    private readonly wording: () => Promise<Wording>,
  ) {
    super();
    this.tenants = plan.tenants.map(({ slug }) => slug);
  }

  override size(): number {
    return this.tenants.length;
  }

  override checksum(): string {
    const { seed, tenants } = this.plan;
    return checksumOf({ seed, places: tenants.map(({ slug, isolation }) => [slug, isolation]) });
  }

  override async seed(entityManager: EntityManager): Promise<SeedResult> {
    const factory = new TenantFactory(this.plan.seed, await this.wording());
    let inserted = 0;
    for (const planned of inChunks(this.plan.tenants, BATCH)) {
      const registrations = planned.map((tenant) => factory.registration(tenant.index, tenant));
      const missing = await missingOf(entityManager, registrations);
      for (const registration of missing) {
        await this.add(entityManager, registration);
      }
      await entityManager.flush();
      inserted += missing.length;
    }
    const unchanged = this.tenants.length - inserted;
    return { counts: { inserted, updated: 0, unchanged, kept: 0 }, items: {} };
  }

  override truncate(entityManager: EntityManager): Promise<void> {
    return removeTenants(entityManager, this.tenants);
  }

  private async add(
    entityManager: EntityManager,
    registration: RegisterTenantInput,
  ): Promise<void> {
    if (registration.isolation === 'schema') {
      await this.registerTenant.run(registration);
      return;
    }
    const placement = await this.placements.getShared();
    const tenant = new Tenant({ ...registration, placement });
    tenant.activate();
    entityManager.persist(tenant);
  }
}

/** Those whose slug no tenant has; without their id where one has it that was deleted. */
async function missingOf(
  entityManager: EntityManager,
  registrations: readonly RegisterTenantInput[],
): Promise<readonly RegisterTenantInput[]> {
  const there = await entityManager.find(Tenant, {
    $or: [
      { slug: { $in: registrations.map(({ slug }) => slug) } },
      { id: { $in: registrations.flatMap(({ id }) => id ?? []) } },
    ],
  });
  const slugs = new Set(there.filter(({ status }) => status !== 'deleted').map(({ slug }) => slug));
  const ids = new Set(there.map(({ id }) => id));
  return registrations
    .filter(({ slug }) => !slugs.has(slug))
    .map(({ id, ...rest }) => ({ ...rest, ...(id && !ids.has(id) && { id }) }));
}
