import type { EntityManager } from '@mikro-orm/postgresql';
import { compile } from './compiled-migration.ts';
import { planFleet, type TargetPlan } from './fleet-plan.ts';
import { readSnapshot } from './ledger.ts';
import { migrationLists } from './migration-lists.ts';

/**
 * Where the catalog and all placements are, compared with the migrations of this build: by one query, which changes
 * nothing. It can be asked as the owner and in the operator's scope.
 */
export async function readFleetStatus(
  entityManager: EntityManager,
): Promise<readonly TargetPlan[]> {
  const toolkit = { driver: entityManager.getDriver(), config: entityManager.config };
  return planFleet(await readSnapshot(entityManager), await compile(toolkit, migrationLists));
}
