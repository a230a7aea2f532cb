import type { Placement } from '@tenantry/domain';

/** Makes a placement ready to be used, step by step. Each step does what is still to be done, and may be done again. */
export abstract class PlacementProvisioner {
  /** The database role that reads and writes the placement's rows. */
  abstract makeRole(placement: Placement): Promise<void>;

  abstract makeSchema(placement: Placement): Promise<void>;

  /** All tables, at the newest version. */
  abstract migrate(placement: Placement): Promise<void>;
}
