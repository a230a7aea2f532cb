import { PlacementProvisioner } from '@tenantry/application';
import type { Placement } from '@tenantry/domain';
import type { FleetMigrator } from './fleet-migrator.ts';

/** Makes placements ready by migrating them; only where the owner's connection is. */
export class MikroPlacementProvisioner extends PlacementProvisioner {
  constructor(private readonly fleet: FleetMigrator) {
    super();
  }

  override async provision({ schema }: Placement): Promise<void> {
    await this.fleet.migratePlacement(schema);
  }
}
