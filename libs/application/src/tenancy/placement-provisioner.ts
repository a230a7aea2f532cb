import type { Placement } from '@tenantry/domain';

/** Makes a placement ready to be used: its schema, with all tables at the newest version. */
export abstract class PlacementProvisioner {
  /** Does what is still to be done; nothing when the placement is ready already. */
  abstract provision(placement: Placement): Promise<void>;
}
