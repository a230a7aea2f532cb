import { defineEntity, p } from '@mikro-orm/core';

/** Where the last attempt to migrate failed: one row for each target, until it succeeds. */
export const migrationFailureMapping = defineEntity({
  name: 'MigrationFailure',
  schema: 'catalog',
  tableName: 'migration_failure',
  properties: {
    /** The schema of a placement. */
    target: p.text().primary(),
    runId: p.uuid(),
    /** The migration it failed in; `null` when it did not get as far as that. */
    step: p.text().nullable(),
    /** As PostgreSQL has it; `null` when the server could not be reached. */
    sqlState: p.text().nullable(),
    /** How often it has been tried since it succeeded last. */
    attempts: p.integer(),
    failedAt: p.datetime().defaultRaw('now()'),
  },
});
