import type { DeletionReport, Tenant } from '@tenantry/domain';

/** Takes away what a tenant has, and nothing of any other. Each part may be done again: it takes what is still there. */
export abstract class TenantEraser {
  /** Every row of it, in its placement; a table of its own goes with its rows. Says how many are left, by table. */
  abstract eraseRows(tenant: Tenant): Promise<DeletionReport>;

  /** Its placement, when that is its own: schema, role and what the catalog knows of them. A shared one stays. */
  abstract takePlacementAway(tenant: Tenant): Promise<DeletionReport>;
}
