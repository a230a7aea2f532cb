import type { CompiledLists, CompiledMigration } from './compiled-migration.ts';
import type { RunningBuild, TargetPlan } from './fleet-plan.ts';
import { MIGRATION_LISTS, type MigrationListName } from './schema-migration.ts';

export interface RefusalOptions {
  /** Whether what sorts before something that has been applied may be applied after it. */
  readonly allowOutOfOrder?: boolean;
}

/** A migration was changed after it had been applied. */
export class MigrationChanged extends Error {
  override readonly name = 'MigrationChanged';

  constructor(where: string) {
    super(
      `What has been applied has other SQL than this build: ${where}. Migrations do not change once they have landed: restore it, and write another one.`,
    );
  }
}

/** A migration would come after one that sorts behind it: what they do together was never tried. */
export class MigrationOutOfOrder extends Error {
  override readonly name = 'MigrationOutOfOrder';

  constructor(where: string) {
    super(
      `Something later has been applied already: ${where}. Give it a later name, or say --allow-out-of-order if the order does not matter.`,
    );
  }
}

/** A newer build has taken away what this one needs. */
export class BuildOutOfRange extends Error {
  override readonly name = 'BuildOutOfRange';

  constructor(where: string) {
    super(
      `A newer build has taken away what this one needs: ${where}. This one cannot serve those placements: go on with the newer build.`,
    );
  }
}

/** A contract would take something away that is needed still. */
export class ContractRefused extends Error {
  override readonly name = 'ContractRefused';
}

/** The catalog is of another build, so its ledger may not be what this one writes. */
export class CatalogPending extends Error {
  override readonly name = 'CatalogPending';

  constructor() {
    super(
      'The catalog lacks migrations of this build, and the ledger is in it. Run migrate first: it brings the catalog up to date before it comes to any placement.',
    );
  }
}

/** How many targets are named. */
const MOST = 3;

/**
 * Before anything is done, anywhere. A pure function.
 * @throws {MigrationChanged}
 * @throws {BuildOutOfRange}
 * @throws {MigrationOutOfOrder}
 */
export function mustBeRunnable(
  targets: readonly TargetPlan[],
  { allowOutOfOrder = false }: RefusalOptions,
): void {
  mustBeUnchanged(targets);
  const contracted = whereOf(targets, 'contracted');
  if (contracted) {
    throw new BuildOutOfRange(contracted);
  }
  const outOfOrder = whereOf(targets, 'outOfOrder');
  if (outOfOrder && !allowOutOfOrder) {
    throw new MigrationOutOfOrder(outOfOrder);
  }
}

/** @throws {MigrationChanged} */
export function mustBeUnchanged(targets: readonly TargetPlan[]): void {
  const changed = whereOf(targets, 'changed');
  if (changed) {
    throw new MigrationChanged(changed);
  }
}

/**
 * Whether what contracts take away is needed by nobody any more. A pure function. A placement where nothing has been applied
 * is in nobody's way: it gets all of it at once.
 * @param targets all there are, whichever of them are to be contracted
 * @throws {ContractRefused}
 */
export function mustBeContractible(
  targets: readonly TargetPlan[],
  builds: readonly RunningBuild[],
  known: CompiledLists,
): void {
  for (const [list, { name, completes }] of entriesOf(known)) {
    const lacking = targets.filter(
      (target) => target.list === list && target.toContract.includes(name),
    );
    if (completes === null || lacking.length === 0) {
      continue;
    }
    const needing = builds.filter((build) => !build.contracts.includes(name)).length;
    if (needing > 0) {
      throw new ContractRefused(
        `${name} takes away what is needed by a build that does not know it, of which ${needing === 1 ? 'one process has' : `${needing} processes have`} been seen lately. Roll this build out, and try again when the other has not been seen for five minutes.`,
      );
    }
    const behind = lacking.filter(
      (target) => target.pending.includes(completes) && target.applied.length > 0,
    );
    if (behind.length > 0) {
      throw new ContractRefused(
        `${name} completes ${completes}, which is pending in ${firstOf(behind.map((target) => target.name))}. Run migrate without --contract first, until nothing is pending.`,
      );
    }
  }
}

function entriesOf(known: CompiledLists): (readonly [MigrationListName, CompiledMigration])[] {
  return MIGRATION_LISTS.flatMap((list) => known[list].map((step) => [list, step] as const));
}

/** Such as `20261122120000-initial in shared, t_a, t_b and 9997 more`. */
function whereOf(
  targets: readonly TargetPlan[],
  what: 'changed' | 'contracted' | 'outOfOrder',
): string {
  const places = new Map<string, string[]>();
  for (const target of targets) {
    for (const migration of target[what]) {
      places.set(migration, [...(places.get(migration) ?? []), target.name]);
    }
  }
  return [...places].map(([migration, names]) => `${migration} in ${firstOf(names)}`).join('; ');
}

function firstOf(names: readonly string[]): string {
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  return `${names.slice(0, MOST).join(', ')}${more}`;
}
