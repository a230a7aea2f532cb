import { availableParallelism } from 'node:os';
import type { MigratorConfig } from '@tenantry/platform';
import { connect } from '../connection/connect.ts';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { FleetMigrator, OTHER_CONNECTIONS } from './fleet-migrator.ts';
import { migrationLists } from './migration-lists.ts';
import type { MigrationLists } from './schema-migration.ts';
import { mustBypassRowSecurity } from './server-roles.ts';

/** For the lock, and for two things to be asked at once. */
const CONNECTIONS_AT_FIRST = 3;

/** How a fleet is worked on. */
export interface FleetSettings {
  /** How many placements at once: two for each core unless said otherwise, but no more than the pool may have connections. */
  readonly concurrency?: number | undefined;
  /** Other migrations than those of this build. */
  readonly lists?: MigrationLists;
}

/**
 * Gives `work` a fleet migrator, connected as the owner meanwhile.
 * @throws {CannotConnect}
 * @throws {ServerNotPrepared} when the migrator's role does not see all tenants
 */
export async function withFleet<Result>(
  { ownerUrl, database }: MigratorConfig,
  work: (fleet: FleetMigrator) => Promise<Result>,
  {
    concurrency = Math.min(2 * availableParallelism(), database.poolMax),
    lists = migrationLists,
  }: FleetSettings = {},
): Promise<Result> {
  const orm = createOwnerOrm(ownerUrl, database, concurrency + OTHER_CONNECTIONS);
  try {
    const fleet = new FleetMigrator(orm, database, lists);
    await connect(orm, ownerUrl, database.connectRetries, CONNECTIONS_AT_FIRST);
    await mustBypassRowSecurity(orm);
    return await work(fleet);
  } finally {
    await orm.close();
  }
}
