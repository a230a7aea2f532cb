import type { Tenant, TenantId, TenantRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** An operator says that a suspended tenant is not coming back. Only then it can be deleted. */
export class ArchiveTenant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
  ) {}

  /**
   * @throws {NotFound}
   * @throws {RuleViolation} unless it is suspended
   */
  async run(id: TenantId): Promise<Tenant> {
    return this.unitOfWork.run(async () => {
      const tenant = await this.tenants.getForChange(id);
      tenant.archive();
      return tenant;
    });
  }
}
