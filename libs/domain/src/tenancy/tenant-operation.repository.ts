import { Repository } from '../repository.ts';
import type { Tenant, TenantId } from './tenant.ts';
import type { TenantOperation, TenantOperationId } from './tenant-operation.ts';

/** Work on tenants that has been requested; only within the operator's scope. */
export abstract class TenantOperationRepository extends Repository<TenantOperation> {
  /** Stores it when the unit of work ends, and wakes the provisioners then. */
  abstract request(operation: TenantOperation): Promise<void>;

  /** The newest one of each tenant, as it is stored now, its tenant likewise. */
  abstract latestOf(tenants: readonly TenantId[]): Promise<readonly TenantOperation[]>;

  /** Those that are to be carried out now, the oldest first. */
  abstract due(now: Date): Promise<readonly TenantOperationId[]>;

  /** Those that are not done, failed ones among them; of one tenant, or of all. */
  abstract open(tenant?: Tenant): Promise<readonly TenantOperation[]>;
}
