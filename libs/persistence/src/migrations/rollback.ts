import { CATALOG, type TargetPlan } from './fleet-plan.ts';
import type { CompiledLists, CompiledMigration } from './compiled-migration.ts';
import type { TargetWork } from './migration-script.ts';
import { statementThatMayLose } from './lost-data.ts';
import type { MigrationListName } from './schema-migration.ts';

/** What is to be taken back. */
export interface RollbackGoal {
  readonly list: MigrationListName;
  /** All that was applied after this migration is taken back; the newest one alone unless it is said. */
  readonly to?: string;
  /** Whether rows and columns may be lost by it. */
  readonly loseData?: boolean;
}

/** It was not said, or cannot be, that something is taken back. */
export class RollbackRefused extends Error {
  override readonly name: string = 'RollbackRefused';
}

/** A migration was named that this build does not have. */
export class UnknownMigration extends RollbackRefused {
  override readonly name = 'UnknownMigration';

  constructor(name: string) {
    super(`There is no migration ${name}. Name the one that is to be the newest afterwards.`);
  }
}

/**
 * What has to be done to take migrations back, in those targets where they have been applied. A pure function.
 * @throws {RollbackRefused}
 */
export function planRollback(
  targets: readonly TargetPlan[],
  known: CompiledLists,
  { list, to, loseData = false }: RollbackGoal,
): readonly TargetWork[] {
  const ofList = targets.filter((target) => target.list === list);
  const goingBack = stepsBack(ofList, known[list], to);
  for (const { name, down } of goingBack) {
    if (list === CATALOG.list && name === known.catalog[0]?.name) {
      throw new RollbackRefused(
        `${name} cannot be rolled back: it made the ledger itself. Drop the database.`,
      );
    }
    if (!down) {
      throw new RollbackRefused(`${name} cannot be rolled back: it has no down().`);
    }
    const losing = loseData ? undefined : statementThatMayLose(down);
    if (losing !== undefined) {
      throw new RollbackRefused(
        `Rolling ${name} back may lose rows or columns with what is in them, by: ${losing}. Say --lose-data if you mean it; rolling forward is nearly always the better way.`,
      );
    }
  }
  return ofList
    .map((target): TargetWork => ({
      ...target,
      direction: 'down',
      isListed: target.list === 'tenant',
      isPrepared: true,
      steps: goingBack.filter(({ name }) => target.applied.includes(name)),
    }))
    .filter(({ steps }) => steps.length > 0);
}

/**
 * What a newer build has done there may rest on what would be taken back.
 * @throws {RollbackRefused}
 */
export function mustNotBeAhead(targets: readonly TargetPlan[]): void {
  const ahead = targets.filter((target) => target.ahead.length > 0);
  const [first] = ahead;
  if (first) {
    throw new RollbackRefused(
      `A newer build has been at ${ahead.length} of the targets (${first.name}: ${first.ahead.join(', ')}). Roll back with that one.`,
    );
  }
}

/** The newest first. */
function stepsBack(
  targets: readonly TargetPlan[],
  known: readonly CompiledMigration[],
  to: string | undefined,
): readonly CompiledMigration[] {
  const applied = known
    .filter(({ name }) => targets.some((target) => target.applied.includes(name)))
    .reverse();
  if (to === undefined) {
    return applied.slice(0, 1);
  }
  if (!known.some(({ name }) => name === to)) {
    throw new UnknownMigration(to);
  }
  return applied.filter(({ name }) => name > to);
}
