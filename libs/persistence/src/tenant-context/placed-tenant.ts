import { NotFound, type Slug, type Tenant, type TenantId } from '@tenantry/domain';
import type { TenantLimits } from '@tenantry/platform';

/** A tenant and where its tables are: all that a scope is made of, and small enough to be kept in memory. */
export interface PlacedTenant {
  readonly id: TenantId;
  readonly slug: Slug;
  readonly schema: string;
  /** What it may use of the database at once; as much as there is where nobody has asked for it, as in programs of operators. */
  readonly limits?: TenantLimits | undefined;
}

/** @throws {NotFound} for a deleted tenant, which is nowhere */
export function placed({ id, slug, placement }: Tenant): PlacedTenant {
  if (!placement) {
    throw new NotFound('tenant');
  }
  return { id, slug, schema: placement.schema };
}
