import { Injectable } from '@nestjs/common';
import { CarryOutOperations, RegisterTenant } from '@tenantry/application';
import {
  type Page,
  type Slug,
  type Tenant,
  type TenantId,
  TenantRepository,
  type TenantStatus,
} from '@tenantry/domain';
import { TenantContext, TransactionalService } from '@tenantry/persistence';
import type { SeedProfile } from '@tenantry/platform';
import { OwnedDataSeeder } from './owned-data.seeder.ts';
import { demo } from './profiles/demo.ts';
import { reference } from './profiles/reference.ts';
import type { ProfileData, TenantData } from './profiles/seed-data.ts';
import { test } from './profiles/test.ts';
import { TenantSeeder } from './tenant.seeder.ts';

const PROFILES: Readonly<Record<SeedProfile, ProfileData>> = { reference, demo, test };
const OPERATOR_REASON = 'seed the database';
const PAGE = 100;
const SEEDABLE: readonly TenantStatus[] = ['active', 'suspended'];

/** What was done for one tenant. */
export interface SeedOutcome {
  readonly tenant: Slug;
  /** How many members and projects were missing and are there now. */
  readonly added: number;
}

export interface SeedOptions {
  /** Whether this is production, where made-up data and removal are refused. */
  readonly production: boolean;
  /** Removes the profile's tenants first, with all that they have. */
  readonly fresh?: boolean;
}

/** It would put made-up data into production, or remove data there. */
export class SeedingRefused extends Error {
  override readonly name = 'SeedingRefused';
}

/** Runs the seeders in their order: tenants first, by the saga that makes all tenants, then what each of them owns. */
@Injectable()
export class DatabaseSeeder {
  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
    private readonly registerTenant: RegisterTenant,
    private readonly carryOut: CarryOutOperations,
    private readonly tenants: TenantRepository,
    private readonly owned: OwnedDataSeeder,
  ) {}

  /** @throws {SeedingRefused} in production, for any profile but `reference` and for removing anything */
  async run(
    profile: SeedProfile,
    { production, fresh = false }: SeedOptions,
  ): Promise<SeedOutcome[]> {
    if (production) {
      mustBeHarmless(profile, fresh);
    }
    const data = PROFILES[profile];
    const tenantSeeder = new TenantSeeder(
      this.registerTenant,
      this.carryOut,
      this.tenants,
      data.tenants,
    );
    if (fresh) {
      await this.truncate(data, tenantSeeder);
    }
    await this.context.runAsOperator(OPERATOR_REASON, () => tenantSeeder.seed());
    const outcomes: SeedOutcome[] = [];
    for (const tenant of await this.seedableTenants()) {
      const added = await this.owned.add(tenant, dataOf(tenant, data));
      outcomes.push({ tenant: tenant.slug, added });
    }
    return outcomes;
  }

  private async truncate(data: ProfileData, tenantSeeder: TenantSeeder): Promise<void> {
    const slugs = data.tenants.map(({ registration }) => registration.slug);
    for (const tenant of await this.seedableTenants()) {
      if (slugs.includes(tenant.slug)) {
        await this.owned.truncate(tenant, dataOf(tenant, data));
      }
    }
    await this.context.runAsOperator(OPERATOR_REASON, () =>
      this.transactional.run((entityManager) => tenantSeeder.truncate(entityManager)),
    );
  }

  /** All tenants whose placement is ready, and that are here to stay. */
  private seedableTenants(): Promise<Tenant[]> {
    return this.context.runAsOperator(OPERATOR_REASON, async () => {
      const seedable: Tenant[] = [];
      let after: TenantId | null | undefined;
      while (after !== null) {
        const page: Page<Tenant> = await this.tenants.page({ after, limit: PAGE });
        seedable.push(...page.items.filter(({ status }) => SEEDABLE.includes(status)));
        after = page.next;
      }
      return seedable;
    });
  }
}

/** What every tenant gets, and what the profile has for this one. */
function dataOf({ slug }: Tenant, { tenants, everyTenant }: ProfileData): TenantData {
  const own = tenants.find(({ registration }) => registration.slug === slug);
  return {
    members: [...everyTenant.members, ...(own?.members ?? [])],
    projects: [...everyTenant.projects, ...(own?.projects ?? [])],
  };
}

function mustBeHarmless(profile: SeedProfile, fresh: boolean): void {
  if (profile !== 'reference') {
    throw new SeedingRefused(`The profile ${profile} is made up: production gets reference only.`);
  }
  if (fresh) {
    throw new SeedingRefused('Nothing is removed in production: seed without --fresh.');
  }
}
