import {
  Conflict,
  type Isolation,
  type NewTenant,
  Placement,
  type PlacementId,
  type PlacementRepository,
  Tenant,
  TenantOperation,
  type TenantOperationRepository,
  type TenantRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { TenantStanding } from './tenant-standing.ts';

export interface RegisterTenantInput extends Omit<NewTenant, 'placement'> {
  readonly isolation: Isolation;
  /** The id of the dedicated placement; a new one unless told otherwise. */
  readonly placementId?: PlacementId;
}

/**
 * Records that there is to be a new tenant, and wakes the provisioner, which makes its placement and lets it in. It stays
 * in provisioning until then, where nobody is served. The same request again makes no second tenant.
 */
export class RegisterTenant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
    private readonly placements: PlacementRepository,
    private readonly operations: TenantOperationRepository,
  ) {}

  /** @throws {Conflict} when a tenant that was asked for otherwise has the slug, or another one the domain */
  async run(input: RegisterTenantInput): Promise<TenantStanding> {
    try {
      return await this.unitOfWork.run(() => this.record(input));
    } catch (error) {
      if (!(error instanceof Conflict) || error.code !== 'already-exists') {
        throw error;
      }
      // Someone has asked for the same at the same time, and was faster: now it is there to be found.
      return await this.unitOfWork.run(() => this.record(input));
    }
  }

  private async record(input: RegisterTenantInput): Promise<TenantStanding> {
    const namesake = await this.tenants.findBySlug(input.slug);
    if (namesake) {
      return this.again(namesake, input);
    }
    if (input.domain && (await this.tenants.findByDomain(input.domain))) {
      throw new Conflict('domain-taken', `Another tenant has the domain ${input.domain}.`);
    }
    const tenant = new Tenant({ ...input, placement: await this.placementFor(input) });
    const operation = TenantOperation.provision(tenant);
    if (input.placementId) {
      // It has been said which one.
      operation.finish('schema');
    }
    this.tenants.add(tenant);
    await this.operations.request(operation);
    return { tenant, operation };
  }

  /** One whose making has been given up is tried again. */
  private async again(tenant: Tenant, input: RegisterTenantInput): Promise<TenantStanding> {
    if (!tenant.isAsRequested(input, input.isolation)) {
      throw new Conflict('slug-taken', `There is a tenant ${input.slug} already.`);
    }
    const [operation = null] = await this.operations.latestOf([tenant.id]);
    if (operation?.status === 'failed') {
      operation.retry();
      await this.operations.request(operation);
    }
    return { tenant, operation };
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
