import { Injectable } from '@nestjs/common';
import { RegisterTenant } from '@tenantry/application';
import { MemberRepository, ProjectRepository, TenantRepository } from '@tenantry/domain';
import { SEED_PROFILES } from '@tenantry/platform';
import type { BaseSeeder, SeedRunProfile } from '../base.seeder.ts';
import { MemberSeeder } from '../member.seeder.ts';
import { ProjectSeeder } from '../project.seeder.ts';
import { TenantSeeder } from '../tenant.seeder.ts';
import { demo } from './demo.ts';
import { reference } from './reference.ts';
import type { OwnedData, SeedTenant, TenantData } from './seed-data.ts';
import { test } from './test.ts';

const NOTHING: TenantData = { members: [], projects: [] };

/** Makes the seeders of data that is at hand. */
@Injectable()
export class ProfileSeeders {
  constructor(
    private readonly registerTenant: RegisterTenant,
    private readonly tenants: TenantRepository,
    private readonly members: MemberRepository,
    private readonly projects: ProjectRepository,
  ) {}

  /** Those that come along. */
  get all(): readonly BaseSeeder[] {
    return [
      ...this.ofOwned({
        name: 'reference',
        profiles: SEED_PROFILES,
        dependsOn: [],
        of: () => reference,
      }),
      ...this.ofTenants('demo', demo),
      ...this.ofTenants('test', test),
    ];
  }

  /** Of tenants, and what they have. Those of a file are new tenants, or the same file's from an import before. */
  ofTenants(profile: SeedRunProfile, tenants: readonly SeedTenant[]): readonly BaseSeeder[] {
    // By slug: the ledger would otherwise take one file for another one, which has changed.
    return profile === 'import'
      ? tenants.flatMap((tenant) =>
          this.named(`import.${tenant.registration.slug}`, profile, [tenant]),
        )
      : this.named(profile, profile, tenants);
  }

  private named(
    name: string,
    profile: SeedRunProfile,
    tenants: readonly SeedTenant[],
  ): readonly BaseSeeder[] {
    const bySlug = new Map<string, TenantData>(
      tenants.map((tenant) => [tenant.registration.slug, tenant]),
    );
    const registrations = tenants.map(({ registration }) => registration);
    const profiles = [profile];
    const first = new TenantSeeder(this.registerTenant, this.tenants, {
      name: `${name}.tenants`,
      profiles,
      registrations,
      mustBeNew: profile === 'import',
    });
    const owned = this.ofOwned({
      name,
      profiles,
      dependsOn: [first.name],
      over: reference,
      of: (target) => bySlug.get(target) ?? NOTHING,
    });
    return [first, ...owned];
  }

  private ofOwned(data: OwnedData): readonly BaseSeeder[] {
    return [
      new MemberSeeder(this.members, data),
      new ProjectSeeder(this.projects, this.members, data),
    ];
  }
}
