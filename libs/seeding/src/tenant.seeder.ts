import type { EntityManager } from '@mikro-orm/core';
import type { RegisterTenant, RegisterTenantInput } from '@tenantry/application';
import {
  Conflict,
  type Slug,
  Tenant,
  type TenantRepository,
  type TenantStatus,
} from '@tenantry/domain';
import { BaseSeeder, type SeedResult, type SeedRunProfile, type SeedTask } from './base.seeder.ts';
import { checksumOf } from './checksum.ts';

export interface TenantSeederOptions {
  readonly name: string;
  readonly profiles: readonly SeedRunProfile[];
  readonly registrations: readonly RegisterTenantInput[];
  /** Whether a tenant that somebody else has made is refused, and not given to the seeders that come after it. */
  readonly mustBeNew?: boolean;
}

/**
 * Tenants, by slug. They are registered as any; whoever runs it has them provisioned afterwards, since that makes schemas and
 * is no part of a transaction.
 */
export class TenantSeeder extends BaseSeeder {
  override readonly scope = 'catalog';
  override readonly name;
  override readonly profiles;
  override readonly tenants: readonly Slug[];
  private readonly registrations: readonly RegisterTenantInput[];
  private readonly mustBeNew: boolean;

  constructor(
    private readonly registerTenant: RegisterTenant,
    private readonly repository: TenantRepository,
    { name, profiles, registrations, mustBeNew = false }: TenantSeederOptions,
  ) {
    super();
    this.name = name;
    this.profiles = profiles;
    this.registrations = registrations;
    this.mustBeNew = mustBeNew;
    this.tenants = registrations.map(({ slug }) => slug);
  }

  override size(): number {
    return this.registrations.length;
  }

  override checksum(): string {
    return checksumOf(this.registrations);
  }

  /** @throws {Conflict} when a tenant has to be new and is not */
  override async seed(
    _entityManager: EntityManager,
    { items: before, overwrite }: SeedTask,
  ): Promise<SeedResult> {
    const counts = { inserted: 0, updated: 0, unchanged: 0, kept: 0 };
    const items: Record<string, string> = {};
    for (const registration of this.registrations) {
      const { slug } = registration;
      items[slug] = checksumOf(registration);
      if (await this.repository.findBySlug(slug)) {
        if (this.mustBeNew && !(slug in before)) {
          throw new Conflict('slug-taken', `There is a tenant ${slug} already.`);
        }
        counts.unchanged += 1;
      } else if (slug in before && !overwrite) {
        // It has been deleted since.
        counts.kept += 1;
      } else {
        await this.register(registration);
        counts.inserted += 1;
      }
    }
    return { counts, items };
  }

  override truncate(entityManager: EntityManager): Promise<void> {
    return removeTenants(entityManager, this.tenants);
  }

  /** Of one that has been deleted the row is still there: its id is never anybody else's. */
  private async register({ id, ...registration }: RegisterTenantInput): Promise<void> {
    const isFree = id !== undefined && !(await this.repository.exists(id));
    await this.registerTenant.run({ ...registration, ...(isFree && { id }) });
  }
}

/**
 * Takes tenants out of the catalog whose data has been removed. Their placements stay, for when they come back. So do those
 * that are archived, with their data, and the rows of deleted ones, whose ids are never anybody else's.
 */
export async function removeTenants(
  entityManager: EntityManager,
  slugs: readonly Slug[],
): Promise<void> {
  const status = { $nin: ['archived', 'deleted'] as TenantStatus[] };
  await entityManager.nativeDelete(Tenant, { slug: { $in: [...slugs] }, status });
}
