import { defineEntity, p } from '@mikro-orm/core';
import { ROLES } from '../../roles.ts';
import { on, tenantOwned, tenantOwnedKey } from '../tenant-owned.ts';

/**
 * Events that are to be delivered, stored with the change that they tell of. The first one of a transaction is its
 * marker, so nearly all may be missing: in the fence of one that never was.
 */
export const outboxEventMapping = defineEntity({
  ...tenantOwned,
  name: 'OutboxEvent',
  tableName: 'outbox_event',
  policies: [
    ...tenantOwned.policies,
    // The relay asks whose events are due, and may read no more of them than that.
    { name: 'relay', command: 'select', roles: [ROLES.relay], using: 'true' },
  ],
  properties: {
    ...tenantOwnedKey,
    /** In the order of the transactions, for those of one aggregate: see `outbox/outbox-statements.ts`. */
    position: p.bigint().autoincrement().generated('by default as identity'),
    name: p.text().nullable(),
    aggregateId: p.uuid().nullable(),
    data: p.json<object>().nullable(),
    occurredAt: p.datetime().nullable(),
    attempts: p.integer().default(0),
    /** When it is to be delivered, or to be delivered again; `null` when it is not. */
    dueAt: p.datetime().nullable(),
    deliveredAt: p.datetime().nullable(),
    /** It has failed too often, and waits for an operator. */
    parkedAt: p.datetime().nullable(),
    /** Why it failed, without values. */
    error: p.text().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
  indexes: [
    {
      name: 'outbox_event_due_idx',
      properties: on('tenantId', 'dueAt'),
      where: '"due_at" is not null',
    },
    {
      name: 'outbox_event_undelivered_idx',
      properties: on('tenantId', 'aggregateId', 'position'),
      where: '"delivered_at" is null and "name" is not null',
    },
    {
      name: 'outbox_event_parked_idx',
      properties: on('tenantId', 'parkedAt'),
      where: '"parked_at" is not null',
    },
  ],
});
