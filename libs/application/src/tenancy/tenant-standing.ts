import type { Tenant, TenantOperation } from '@tenantry/domain';

/** A tenant, and what is or was done to it last; `null` for one that is older than the record of that. */
export interface TenantStanding {
  readonly tenant: Tenant;
  readonly operation: TenantOperation | null;
}
