import { Repository } from '../repository.ts';
import type { Placement } from './placement.ts';

/** Placements; only within the operator's scope. */
export abstract class PlacementRepository extends Repository<Placement> {
  /** The placement that many tenants share. The first catalog migration makes it. */
  abstract getShared(): Promise<Placement>;
}
