import type { Page, PageRequest, Tenant, TenantId, TenantRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** What can be read of tenants, each in a read-only unit of work. */
export class ReadTenants {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
  ) {}

  /** @throws {NotFound} */
  one(id: TenantId): Promise<Tenant> {
    return this.unitOfWork.run(() => this.tenants.getOrFail(id), { readOnly: true });
  }

  page(request: PageRequest<TenantId>): Promise<Page<Tenant>> {
    return this.unitOfWork.run(() => this.tenants.page(request), { readOnly: true });
  }
}
