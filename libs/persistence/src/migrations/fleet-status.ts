import type { MikroORM } from '@mikro-orm/postgresql';
import type { Queryable } from '../connection/queryable.ts';
import { compile, type CompiledLists } from './compiled-migration.ts';
import { planFleet, type TargetPlan } from './fleet-plan.ts';
import { readSnapshot } from './ledger.ts';
import { migrationLists } from './migration-lists.ts';

/** The migrations of this build. Nothing is asked of the server. */
export function compileBuild(orm: MikroORM): Promise<CompiledLists> {
  return compile(orm, migrationLists);
}

/**
 * Where the catalog and all placements are, compared with the migrations of a build: by one query, which changes
 * nothing. It can be asked by whoever may read the catalog.
 */
export async function readFleetStatus(
  database: Queryable,
  build: CompiledLists,
): Promise<readonly TargetPlan[]> {
  return planFleet(await readSnapshot(database), build);
}
