import type {
  PageRequest,
  TenantId,
  TenantOperationRepository,
  TenantRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { TenantStanding } from './tenant-standing.ts';

/** What can be read of tenants, each in a read-only unit of work. */
export class ReadTenants {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
    private readonly operations: TenantOperationRepository,
  ) {}

  /** As it is stored now: asking again shows what the provisioner has done meanwhile. @throws {NotFound} */
  one(id: TenantId): Promise<TenantStanding> {
    return this.unitOfWork.run(
      async () => {
        const [operation = null] = await this.operations.latestOf([id]);
        return { tenant: await this.tenants.getOrFail(id), operation };
      },
      { readOnly: true },
    );
  }

  page(
    request: PageRequest<TenantId>,
  ): Promise<{ items: readonly TenantStanding[]; next: TenantId | null }> {
    return this.unitOfWork.run(
      async () => {
        const { items, next } = await this.tenants.page(request);
        const latest = await this.operations.latestOf(items.map(({ id }) => id));
        const byTenant = new Map(latest.map((operation) => [operation.tenant.id, operation]));
        return {
          items: items.map((tenant) => ({ tenant, operation: byTenant.get(tenant.id) ?? null })),
          next,
        };
      },
      { readOnly: true },
    );
  }
}
