import { defineEntity, p } from '@mikro-orm/core';

/** How far a backfill has come in a placement: one row for each that has begun and not ended. */
export const backfillProgressMapping = defineEntity({
  name: 'BackfillProgress',
  schema: 'catalog',
  tableName: 'backfill_progress',
  properties: {
    /** The schema of a placement. */
    target: p.text().primary(),
    name: p.text().primary(),
    /** The last row that was looked at in this pass; `null` before the first one. */
    tenantId: p.uuid().nullable(),
    rowId: p.uuid().nullable(),
    /** How many rows have been changed, in all passes and in this one. */
    changed: p.bigint().default(0),
    changedInPass: p.bigint().default(0),
    startedAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});
