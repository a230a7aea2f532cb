import {
  type DeletionReport,
  type OperationStep,
  type Placement,
  RuleViolation,
  type Tenant,
} from '@tenantry/domain';
import type { PlacementProvisioner } from './placement-provisioner.ts';
import type { ReferenceSeeding } from './reference-seeding.ts';
import type { TenantEraser } from './tenant-eraser.ts';

/** What is to be done for each step of an operation, outside of the catalog. */
export class OperationSteps {
  constructor(
    private readonly provisioner: PlacementProvisioner,
    private readonly seeding: ReferenceSeeding,
    private readonly eraser: TenantEraser,
  ) {}

  /** Does one step. It may be done again, and does what is still to be done. */
  async run(step: OperationStep, tenant: Tenant): Promise<DeletionReport> {
    switch (step) {
      case 'schema':
        await this.provisioner.place(tenant);
        return {};
      case 'migrations':
        await this.provisioner.make(placementOf(tenant));
        return {};
      case 'seed':
        await this.seeding.seed(tenant);
        return {};
      case 'rows':
        return this.eraser.eraseRows(tenant);
      case 'placement':
        return this.eraser.takePlacementAway(tenant);
      // These are changes of the tenant itself: they are made, and recorded, by the operation.
      case 'catalog':
      case 'active':
      case 'deleted':
        return {};
    }
  }
}

function placementOf({ placement }: Tenant): Placement {
  if (placement === null) {
    throw new RuleViolation('tenant-placement', 'The tenant has no placement any more.');
  }
  return placement;
}
