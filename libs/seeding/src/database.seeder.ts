import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { RegisterTenant } from '@tenantry/application';
import {
  MemberRepository,
  type Page,
  ProjectRepository,
  type Slug,
  type Tenant,
  type TenantId,
  TenantRepository,
} from '@tenantry/domain';
import { placed, TenantContext, TransactionalService } from '@tenantry/persistence';
import type { SeedProfile } from '@tenantry/platform';
import type { BaseSeeder } from './base.seeder.ts';
import { MemberSeeder } from './member.seeder.ts';
import { demo } from './profiles/demo.ts';
import { reference } from './profiles/reference.ts';
import type { ProfileData, TenantData } from './profiles/seed-data.ts';
import { test } from './profiles/test.ts';
import { ProjectSeeder } from './project.seeder.ts';
import { TenantSeeder } from './tenant.seeder.ts';

const PROFILES: Readonly<Record<SeedProfile, ProfileData>> = { reference, demo, test };
const OPERATOR_REASON = 'seed the database';
const PAGE = 100;

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

/**
 * Runs the seeders in their order: tenants first, then for each tenant its members and projects, through the same scope
 * and unit of work as the application. What a tenant gets is stored as a whole or not at all.
 */
@Injectable()
export class DatabaseSeeder {
  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
    private readonly registerTenant: RegisterTenant,
    private readonly tenants: TenantRepository,
    private readonly members: MemberRepository,
    private readonly projects: ProjectRepository,
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
    const tenantSeeder = new TenantSeeder(this.registerTenant, this.tenants, data.tenants);
    if (fresh) {
      await this.truncate(data, tenantSeeder);
    }
    await this.context.runAsOperator(OPERATOR_REASON, () => tenantSeeder.seed());
    const outcomes: SeedOutcome[] = [];
    for (const tenant of await this.servedTenants()) {
      outcomes.push(await this.seedTenant(tenant, data));
    }
    return outcomes;
  }

  private async truncate(data: ProfileData, tenantSeeder: TenantSeeder): Promise<void> {
    const slugs = data.tenants.map(({ registration }) => registration.slug);
    for (const tenant of await this.servedTenants()) {
      if (slugs.includes(tenant.slug)) {
        await this.within(tenant, data, async (seeders, entityManager) => {
          for (const seeder of seeders.toReversed()) {
            await seeder.truncate(entityManager);
          }
        });
      }
    }
    await this.context.runAsOperator(OPERATOR_REASON, () =>
      this.transactional.run((entityManager) => tenantSeeder.truncate(entityManager)),
    );
  }

  private async seedTenant(tenant: Tenant, data: ProfileData): Promise<SeedOutcome> {
    return this.within(tenant, data, async (seeders, entityManager) => {
      for (const seeder of seeders) {
        await seeder.seed(entityManager);
      }
      return { tenant: tenant.slug, added: seeders.reduce((sum, { added }) => sum + added, 0) };
    });
  }

  /** One transaction in the tenant's scope, with the seeders of what it owns, in their order. */
  private within<Result>(
    tenant: Tenant,
    { tenants, everyTenant }: ProfileData,
    work: (seeders: readonly BaseSeeder[], entityManager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const own = tenants.find(({ registration }) => registration.slug === tenant.slug);
    const data: TenantData = {
      members: [...everyTenant.members, ...(own?.members ?? [])],
      projects: [...everyTenant.projects, ...(own?.projects ?? [])],
    };
    const seeders = [
      new MemberSeeder(this.members, data.members),
      new ProjectSeeder(this.projects, this.members, data.projects),
    ];
    return this.context.run(placed(tenant), () =>
      this.transactional.run((entityManager) => work(seeders, entityManager)),
    );
  }

  /** All tenants but those whose placement is not ready yet. */
  private servedTenants(): Promise<Tenant[]> {
    return this.context.runAsOperator(OPERATOR_REASON, async () => {
      const served: Tenant[] = [];
      let after: TenantId | null | undefined;
      while (after !== null) {
        const page: Page<Tenant> = await this.tenants.page({ after, limit: PAGE });
        served.push(...page.items.filter(({ status }) => status !== 'provisioning'));
        after = page.next;
      }
      return served;
    });
  }
}

function mustBeHarmless(profile: SeedProfile, fresh: boolean): void {
  if (profile !== 'reference') {
    throw new SeedingRefused(`The profile ${profile} is made up: production gets reference only.`);
  }
  if (fresh) {
    throw new SeedingRefused('Nothing is removed in production: seed without --fresh.');
  }
}
