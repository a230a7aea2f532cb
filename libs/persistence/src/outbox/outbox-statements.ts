import type { DomainEvent } from '@tenantry/domain';
import pg from 'pg';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';

/** How many locks the aggregates of a tenant share: few for the server, and enough that few wait for one another. */
const LOCKS = 512;

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
  const first = new Set<string>();
  const rows = events.toSorted(byId).map((event) => {
    // The others of its aggregate come after it.
    const isDue = !first.has(event.aggregateId);
    first.add(event.aggregateId);
    return rowOf(tenant, event, isDue);
  });
  return [
    lockAggregates(tenant, [...first]),
    `insert into ${pg.escapeIdentifier(schema)}.outbox_event
       (tenant_id, id, name, aggregate_id, data, occurred_at, due_at)
     values ${rows.join(', ')}`,
  ];
}

/** The statement that keeps everybody else from storing events of these, and from letting them follow one another. */
export function lockAggregates(tenant: string, aggregates: readonly string[]): string {
  // In one order for everybody: whoever needs two of them would otherwise be in the way of whoever needs them the other way.
  const shares = [...new Set(aggregates.map(shareOf))].toSorted((one, other) => one - other);
  const keys = shares.map((share) => pg.escapeLiteral(`tenantry outbox ${tenant} ${share}`));
  return `select pg_advisory_xact_lock(hashtextextended(key, 0)) from unnest(array[${keys.join(', ')}]) as key`;
}

/** Aggregates share locks: however many are locked at once, the server has room for it. */
function shareOf(aggregate: string): number {
  return Number.parseInt(aggregate.slice(-4), 16) % LOCKS;
}

function byId(one: DomainEvent, other: DomainEvent): number {
  return one.id < other.id ? -1 : 1;
}

function rowOf(tenant: string, event: DomainEvent, isDue: boolean): string {
  const { id, name, aggregateId, data, occurredAt } = event;
  const values = [tenant, id, name, aggregateId, JSON.stringify(data), occurredAt.toISOString()];
  return `(${values.map((value) => pg.escapeLiteral(value)).join(', ')}, ${isDue ? 'now()' : 'null'})`;
}
