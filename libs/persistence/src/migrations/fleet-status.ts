import type { EntityManager } from '@mikro-orm/postgresql';
import { type KnownMigrations, planFleet, type TargetPlan } from './fleet-plan.ts';
import { readSnapshot } from './ledger.ts';
import { migrationLists } from './migration-lists.ts';
import type { MigrationLists } from './schema-migration.ts';

/**
 * Where the catalog and all placements are, compared with the migrations of this build: by one query, which changes
 * nothing. It can be asked as the owner and in the operator's scope.
 */
export async function readFleetStatus(
  entityManager: EntityManager,
  lists: MigrationLists = migrationLists,
): Promise<readonly TargetPlan[]> {
  const known: KnownMigrations = {
    catalog: lists.catalog.map(({ name }) => name),
    tenant: lists.tenant.map(({ name }) => name),
  };
  return planFleet(await readSnapshot(entityManager), known);
}
