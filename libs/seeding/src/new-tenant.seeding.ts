import { Injectable } from '@nestjs/common';
import { ReferenceSeeding } from '@tenantry/application';
import type { Tenant } from '@tenantry/domain';
import { inOrder } from './seeder-order.ts';
import { SeederApplication } from './seeder-application.ts';
import { Seeders } from './seeders.ts';

/** Gives a tenant that is being made what the profile `reference` has for each tenant. */
@Injectable()
export class NewTenantSeeding extends ReferenceSeeding {
  constructor(
    private readonly seeders: Seeders,
    private readonly application: SeederApplication,
  ) {
    super();
  }

  override async seed(tenant: Tenant): Promise<void> {
    for (const seeder of inOrder(this.seeders.all)) {
      if (
        seeder.scope === 'tenant' &&
        seeder.profiles.includes('reference') &&
        seeder.size(tenant.slug) > 0
      ) {
        await this.application.apply(seeder, tenant);
      }
    }
  }
}
