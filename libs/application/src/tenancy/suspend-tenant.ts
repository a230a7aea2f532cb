import type { Tenant, TenantId, TenantRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** An operator stops serving a tenant, for the time being. */
export class SuspendTenant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
  ) {}

  /**
   * @throws {NotFound}
   * @throws {RuleViolation} unless it is active
   */
  async run(id: TenantId): Promise<Tenant> {
    return this.unitOfWork.run(async () => {
      const tenant = await this.tenants.getForChange(id);
      tenant.suspend();
      return tenant;
    });
  }
}
