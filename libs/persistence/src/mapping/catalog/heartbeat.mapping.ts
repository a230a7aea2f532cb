import { defineEntity, p } from '@mikro-orm/core';

/** Processes that use the database: a row for each, by which migrations know what shapes of it are still needed. */
export const heartbeatMapping = defineEntity({
  name: 'Heartbeat',
  schema: 'catalog',
  tableName: 'heartbeat',
  properties: {
    /** Of the process. */
    id: p.uuid().primary(),
    /** The names of all contracts that its build knows, and so is ready for. */
    contracts: p.array().columnType('text[]'),
    seenAt: p.datetime().defaultRaw('now()'),
    /** Until when it counts as running though nothing more is heard of it. */
    countsUntil: p.datetime(),
  },
});
