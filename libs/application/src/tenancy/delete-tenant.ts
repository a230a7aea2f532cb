import {
  type TenantId,
  TenantOperation,
  type TenantOperationRepository,
  type TenantRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { TenantStanding } from './tenant-standing.ts';

/** An operator has an archived tenant deleted, with all that it owns. It is recorded; the provisioner does it. */
export class DeleteTenant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
    private readonly operations: TenantOperationRepository,
  ) {}

  /**
   * Once more while it is under way changes nothing, but that one which has been given up is tried again.
   * @throws {NotFound}
   * @throws {RuleViolation} unless it is archived
   */
  async run(id: TenantId): Promise<TenantStanding> {
    return this.unitOfWork.run(async () => {
      const tenant = await this.tenants.getForChange(id);
      tenant.mustBeArchived();
      const [latest] = await this.operations.latestOf([id]);
      const operation = latest?.kind === 'delete' ? latest : TenantOperation.deletion(tenant);
      if (latest !== operation || operation.status === 'failed') {
        operation.retry();
        await this.operations.request(operation);
      }
      return { tenant, operation };
    });
  }
}
