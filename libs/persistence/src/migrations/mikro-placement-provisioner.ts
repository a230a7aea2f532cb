import { PlacementProvisioner } from '@tenantry/application';
import type { Placement } from '@tenantry/domain';
import type { MigratorConfig } from '@tenantry/platform';
import { withFleet } from './fleet-migrator.ts';

/** Makes placements ready by migrating them, as the owner; only the migrator has that connection. */
export class MikroPlacementProvisioner extends PlacementProvisioner {
  constructor(private readonly config: MigratorConfig) {
    super();
  }

  override async provision({ schema }: Placement): Promise<void> {
    await withFleet(this.config, (fleet) => fleet.migratePlacement(schema));
  }
}
