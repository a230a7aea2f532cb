import { PlacementProvisioner } from '@tenantry/application';
import type { Placement } from '@tenantry/domain';
import type { FleetMigrator } from '../migrations/fleet-migrator.ts';

/** Makes placements ready as the owner, whose connection only the migrator has. */
export class MikroPlacementProvisioner extends PlacementProvisioner {
  constructor(private readonly fleet: FleetMigrator) {
    super();
  }

  override makeRole({ schema }: Placement): Promise<void> {
    return this.fleet.makeRole(schema);
  }

  override makeSchema({ schema }: Placement): Promise<void> {
    return this.fleet.makeSchema(schema);
  }

  override async migrate({ schema }: Placement): Promise<void> {
    await this.fleet.migratePlacement(schema);
  }
}
