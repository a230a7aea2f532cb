import type { EntityManager } from '@mikro-orm/core';
import type {
  CarryOutOperations,
  RegisterTenant,
  RegisterTenantInput,
} from '@tenantry/application';
import { Tenant, type TenantRepository, Unavailable } from '@tenantry/domain';
import { BaseSeeder } from './base.seeder.ts';
import type { ProfileData } from './profiles/seed-data.ts';

/** The tenants of a profile, with their placements. It works in the operator's scope. */
export class TenantSeeder extends BaseSeeder {
  constructor(
    private readonly registerTenant: RegisterTenant,
    private readonly carryOut: CarryOutOperations,
    private readonly tenants: TenantRepository,
    private readonly data: ProfileData['tenants'],
  ) {
    super();
  }

  /** Takes the missing ones in. That makes schemas, so each tenant is a whole of its own and not all of them one. */
  override async seed(): Promise<void> {
    for (const { registration } of this.data) {
      const known = await this.tenants.findBySlug(registration.slug);
      if (known === null || known.status === 'provisioning') {
        await this.make(registration);
        this.added++;
      }
    }
  }

  private async make(registration: RegisterTenantInput): Promise<void> {
    const { operation } = await this.registerTenant.run(registration);
    const done = operation && (await this.carryOut.now(operation.id));
    if (done && done.status !== 'done') {
      throw new Unavailable(
        'tenant-not-made',
        `The tenant ${registration.slug} could not be made: ${done.error ?? ''}`,
      );
    }
  }

  /** Takes the profile's tenants out of the catalog. Their placements stay, for when they come back. */
  override async truncate(entityManager: EntityManager): Promise<void> {
    const slugs = this.data.map(({ registration }) => registration.slug);
    await entityManager.nativeDelete(Tenant, { slug: { $in: slugs } });
  }
}
