import type { FilterQuery, FindOneOptions, FindOptions } from '@mikro-orm/postgresql';
import type { BaseEntity } from '@tenantry/domain';
import { tenantOf } from '../mapping/tenant-owned.ts';
import { BaseRepository, condition } from './base.repository.ts';

/**
 * The base of every repository of tenant-owned entities. All its queries are filtered to the current tenant by
 * themselves, and refused outside of a tenant's scope.
 */
export abstract class TenantAwareRepository<
  Entity extends BaseEntity,
> extends BaseRepository<Entity> {
  /** Like `find`, with the tenant in the condition itself, beside the filter. */
  findWithTenant(
    where: FilterQuery<Entity> = condition({}),
    options?: FindOptions<Entity>,
  ): Promise<Entity[]> {
    return this.find(this.withTenant(where), options);
  }

  /** Like `findOne`, with the tenant in the condition itself, beside the filter. */
  findOneWithTenant(
    where: FilterQuery<Entity> = condition({}),
    options?: FindOneOptions<Entity>,
  ): Promise<Entity | null> {
    return this.findOne(this.withTenant(where), options);
  }

  private withTenant(where: FilterQuery<Entity>): never {
    return condition({ $and: [where, { tenantId: tenantOf(this.em) }] });
  }
}
