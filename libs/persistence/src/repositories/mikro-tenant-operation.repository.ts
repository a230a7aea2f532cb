import type {
  Tenant,
  TenantId,
  TenantOperation,
  TenantOperationId,
  TenantOperationRepository,
} from '@tenantry/domain';
import { OPERATIONS_CHANNEL } from '../provisioning/operations-channel.ts';
import { BaseRepository } from './base.repository.ts';

/** How much one pass of a provisioner takes on. */
const MOST = 1_000;

export class MikroTenantOperationRepository
  extends BaseRepository<TenantOperation>
  implements TenantOperationRepository
{
  async request(operation: TenantOperation): Promise<void> {
    this.add(operation);
    // PostgreSQL tells the listeners at commit, and nobody when there is none.
    await this.em.execute('select pg_notify(?, ?)', [OPERATIONS_CHANNEL, '']);
  }

  async latestOf(tenants: readonly TenantId[]): Promise<readonly TenantOperation[]> {
    // A tenant has few of them: one that made it and, at the end, one that deletes it.
    const all = await this.find(
      { tenant: { id: { $in: tenants } } },
      { orderBy: { id: 'asc' }, refresh: true },
    );
    return [...new Map(all.map((operation) => [operation.tenant.id, operation])).values()];
  }

  async due(now: Date): Promise<readonly TenantOperationId[]> {
    const rows = await this.em.execute<{ id: TenantOperationId }[]>(
      `select id from catalog.tenant_operation
       where status = 'pending' and (due_at is null or due_at <= ?) order by id limit ?`,
      [now, MOST],
    );
    return rows.map(({ id }) => id);
  }

  open(tenant?: Tenant): Promise<readonly TenantOperation[]> {
    return this.find(
      { status: { $ne: 'done' }, ...(tenant && { tenant: { id: tenant.id } }) },
      { orderBy: { id: 'asc' }, refresh: true },
    );
  }
}
