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
    /** The last row that was changed. */
    tenantId: p.uuid(),
    rowId: p.uuid(),
    /** How many rows have been changed. */
    changed: p.bigint(),
    startedAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});
