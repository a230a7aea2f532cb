import type { Placement, Tenant } from '@tenantry/domain';

/** Finds tenants a placement, and makes it ready to be used. Each step does what is still to be done, and may be done again. */
export abstract class PlacementProvisioner {
  /**
   * Gives a tenant in provisioning a placement of the warm pool, if there is one, instead of its own that nothing has been
   * made of. The tenant that was handed in still has the old one.
   */
  abstract place(tenant: Tenant): Promise<void>;

  /** Its role, its schema, and all tables at the newest version. */
  abstract make(placement: Placement): Promise<void>;
}
