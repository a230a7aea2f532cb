import type { DomainEvent, TenantId } from '@tenantry/domain';
import pg from 'pg';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';

/**
 * The statements that store events, to be sent with COMMIT. They are numbered while nobody else stores one of the same
 * aggregate, and until all of it is committed: so the numbers of an aggregate's events are in the order of their
 * transactions, which a sequence by itself does not see to.
 */
export function outboxStatements(
  { id: tenant, schema }: PlacedTenant,
  events: readonly DomainEvent[],
): readonly string[] {
  if (events.length === 0) {
    return [];
  }
  // In one order for everybody: whoever needs two of them would otherwise be in the way of whoever needs them the other way.
  const aggregates = [...new Set(events.map(({ aggregateId }) => aggregateId))].toSorted();
  const locks = aggregates.map(
    (aggregate) => `pg_advisory_xact_lock(${lockOf(tenant, aggregate)})`,
  );
  const rows = events.toSorted(byId).map((event) => rowOf(tenant, event));
  return [
    `select ${locks.join(', ')}`,
    `insert into ${pg.escapeIdentifier(schema)}.outbox_event
       (tenant_id, id, name, aggregate_id, data, occurred_at, due_at)
     values ${rows.join(', ')}`,
  ];
}

function byId(one: DomainEvent, other: DomainEvent): number {
  return one.id < other.id ? -1 : 1;
}

function lockOf(tenant: TenantId, aggregate: string): string {
  return `hashtextextended(${pg.escapeLiteral(`tenantry outbox ${tenant} ${aggregate}`)}, 0)`;
}

function rowOf(tenant: TenantId, event: DomainEvent): string {
  const { id, name, aggregateId, data, occurredAt } = event;
  const values = [tenant, id, name, aggregateId, JSON.stringify(data), occurredAt.toISOString()];
  return `(${values.map((value) => pg.escapeLiteral(value)).join(', ')}, now())`;
}
