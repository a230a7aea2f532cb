import {
  Conflict,
  type Isolation,
  type NewTenant,
  Placement,
  type PlacementId,
  type PlacementRepository,
  Tenant,
  type TenantRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { PlacementProvisioner } from './placement-provisioner.ts';

export interface RegisterTenantInput extends Omit<NewTenant, 'placement'> {
  readonly isolation: Isolation;
  /** The id of the dedicated placement; a new one unless told otherwise. */
  readonly placementId?: PlacementId;
}

/**
 * Takes a new tenant in: records it, makes its placement ready, then lets it in. When that is interrupted the tenant
 * stays in provisioning, where nobody is served; running it again with the same slug completes it.
 */
export class RegisterTenant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
    private readonly placements: PlacementRepository,
    private readonly provisioner: PlacementProvisioner,
  ) {}

  /** @throws {Conflict} when an active or suspended tenant has the slug, or any other has the domain */
  async run(input: RegisterTenantInput): Promise<Tenant> {
    const recorded = await this.unitOfWork.run(() => this.record(input));
    await this.provisioner.provision(recorded.placement);
    return this.unitOfWork.run(async () => {
      const tenant = await this.tenants.getOrFail(recorded.id);
      tenant.activate();
      return tenant;
    });
  }

  private async record(input: RegisterTenantInput): Promise<Tenant> {
    const namesake = await this.tenants.findBySlug(input.slug);
    if (namesake?.status === 'provisioning') {
      return namesake;
    }
    if (namesake) {
      throw new Conflict('slug-taken', `There is a tenant ${input.slug} already.`);
    }
    const placement = await this.placementFor(input);
    const tenant = new Tenant({ ...input, placement });
    this.tenants.add(tenant);
    return tenant;
  }

  private async placementFor({ isolation, placementId }: RegisterTenantInput): Promise<Placement> {
    if (isolation === 'shared') {
      return this.placements.getShared();
    }
    const known = placementId && (await this.placements.findById(placementId));
    if (known) {
      return known;
    }
    const placement = Placement.dedicated(placementId);
    this.placements.add(placement);
    return placement;
  }
}
