import type { Slug, Tenant, TenantId } from '@tenantry/domain';

/** A tenant and where its tables are: all that a scope is made of, and small enough to be kept in memory. */
export interface PlacedTenant {
  readonly id: TenantId;
  readonly slug: Slug;
  readonly schema: string;
}

export function placed({ id, slug, placement }: Tenant): PlacedTenant {
  return { id, slug, schema: placement.schema };
}
