import { defineEntity, p } from '@mikro-orm/core';

/** The ledger: one row for each migration that has been applied, written in the transaction that applied it. */
export const appliedMigrationMapping = defineEntity({
  name: 'AppliedMigration',
  schema: 'catalog',
  tableName: 'migration',
  properties: {
    /** `catalog`, or the schema of a placement. */
    target: p.text().primary(),
    name: p.text().primary(),
    /** `contract` tells builds that do not know the migration that they cannot go on there. */
    kind: p.text().default('expand'),
    appliedAt: p.datetime().defaultRaw('now()'),
    /** Of its SQL. Unknown for what was applied before checksums were kept, until the next run. */
    checksum: p.text().nullable(),
    durationMs: p.integer().nullable(),
    /** What was applied together has one. */
    runId: p.uuid().nullable(),
  },
});
