import { PlacementProvisioner } from '@tenantry/application';
import type { Placement, Tenant } from '@tenantry/domain';
import type { FleetMigrator } from '../migrations/fleet-migrator.ts';
import type { WarmPlacements } from './warm-placements.ts';

/** Makes placements ready as the owner, whose connection only the migrator has. */
export class MikroPlacementProvisioner extends PlacementProvisioner {
  constructor(
    private readonly fleet: FleetMigrator,
    private readonly warm: WarmPlacements,
  ) {
    super();
  }

  override async place(tenant: Tenant): Promise<void> {
    await this.warm.take(tenant);
  }

  override async make({ schema }: Placement): Promise<void> {
    await this.fleet.migratePlacement(schema);
  }
}
