import type { CompiledLists, CompiledMigration } from './compiled-migration.ts';
import type { MigrationListName } from './schema-migration.ts';

/** What the ledger says of a migration. */
export interface AppliedMigration {
  readonly name: string;
  /** `null` for what was applied before checksums were kept. */
  readonly checksum: string | null;
  readonly kind: CompiledMigration['kind'];
}

/** A build that is running, or was a moment ago. */
export interface RunningBuild {
  /** The contracts that it is ready for. */
  readonly contracts: readonly string[];
}

/** Where the last attempt to migrate a placement failed. */
interface MigrationFailure {
  /** The migration it failed in; `null` when it did not get as far as that. */
  readonly step: string | null;
  /** `null` when the server could not be reached. */
  readonly sqlState: string | null;
  /** How often it has been tried since it succeeded last. */
  readonly attempts: number;
}

/** What the catalog says of one placement. */
export interface PlacementState {
  readonly schema: string;
  /** Of the tenants that it holds: those that were asked for. */
  readonly slugs: readonly string[];
  /** In the order of their names. Placements where the same has been applied share one array. */
  readonly applied: readonly AppliedMigration[];
  readonly failure: MigrationFailure | null;
}

/** What one query says of the fleet. */
export interface FleetSnapshot {
  /** What has been applied to the catalog itself; empty when there is none. */
  readonly catalog: readonly AppliedMigration[];
  readonly placements: readonly PlacementState[];
  readonly builds: readonly RunningBuild[];
}

/** Whether something was applied before checksums were kept. A pure function. */
export function lacksChecksums({ catalog, placements }: FleetSnapshot): boolean {
  const all = new Set([catalog, ...placements.map(({ applied }) => applied)]);
  return [...all].some((applied) => applied.some(({ checksum }) => checksum === null));
}

/** What decides whether a placement that is new is made in the old shape. */
export interface FleetShape {
  readonly builds: readonly RunningBuild[];
  /** What has been applied somewhere, contracts among it. */
  readonly contracted: readonly string[];
  /** Whether nothing has been applied anywhere. */
  readonly isEmpty: boolean;
}

/** A pure function. */
export function shapeOf(
  targets: readonly TargetPlan[],
  builds: readonly RunningBuild[],
): FleetShape {
  return {
    builds,
    contracted: [...new Set([...new Set(targets.map(({ applied }) => applied))].flat())],
    isEmpty: targets.every(({ list, applied }) => list === 'catalog' || applied.length === 0),
  };
}

/** Where migrations go: the catalog, or the schema of a placement. */
export interface Target {
  /** `catalog`, or the placement's schema: what the ledger knows it by. */
  readonly name: string;
  readonly list: MigrationListName;
}

/** A target, compared with the migrations of a build. */
interface Difference {
  readonly applied: readonly string[];
  /** To be applied, in this order: expands. This build cannot serve a placement that lacks any. */
  readonly pending: readonly string[];
  /** Contracts that are to be applied, in this order. They can wait. */
  readonly toContract: readonly string[];
  /** Applied, but unknown to this build: a newer one has been here. */
  readonly ahead: readonly string[];
  /** Contracts among those: what this build needs is gone, and it cannot serve the placement. */
  readonly contracted: readonly string[];
  /** Applied, but with other SQL than this build has under that name. */
  readonly changed: readonly string[];
  /** Pending, though something later has been applied. */
  readonly outOfOrder: readonly string[];
}

export interface TargetPlan extends Target, Difference {
  readonly slugs: readonly string[];
  readonly failure: MigrationFailure | null;
}

export const CATALOG: Target = { name: 'catalog', list: 'catalog' };

/** Where every target is: the catalog first, then every placement. A pure function, and what `status` prints. */
export function planFleet(snapshot: FleetSnapshot, known: CompiledLists): readonly TargetPlan[] {
  const differences = new Map<readonly AppliedMigration[], Difference>();
  const compared = (applied: readonly AppliedMigration[]): Difference => {
    const difference = differences.get(applied) ?? compare(applied, known.tenant);
    differences.set(applied, difference);
    return difference;
  };
  return [
    { ...CATALOG, slugs: [], failure: null, ...compare(snapshot.catalog, known.catalog) },
    ...snapshot.placements.map(({ schema, slugs, applied, failure }): TargetPlan => ({
      name: schema,
      list: 'tenant',
      slugs,
      failure,
      ...compared(applied),
    })),
  ];
}

function compare(
  applied: readonly AppliedMigration[],
  known: readonly CompiledMigration[],
): Difference {
  const checksums = new Map(known.map(({ name, checksum }) => [name, checksum]));
  const names = applied.map(({ name }) => name);
  const lacking = known.filter(({ name }) => !names.includes(name));
  const ahead = applied.filter(({ name }) => !checksums.has(name));
  return {
    applied: names,
    pending: namesOf(lacking, 'expand'),
    toContract: namesOf(lacking, 'contract'),
    ahead: ahead.map(({ name }) => name),
    contracted: namesOf(ahead, 'contract'),
    changed: applied
      .filter(({ name, checksum }) => checksum !== null && checksum !== checksums.get(name))
      .map(({ name }) => name)
      .filter((name) => checksums.has(name)),
    outOfOrder: lacking
      .filter((step) => comesTooLate(step, applied, checksums))
      .map(({ name }) => name),
  };
}

function namesOf(
  migrations: readonly Pick<CompiledMigration, 'name' | 'kind'>[],
  wanted: CompiledMigration['kind'],
): readonly string[] {
  return migrations.filter(({ kind }) => kind === wanted).map(({ name }) => name);
}

/** Contracts wait until nobody needs what they remove, so expands go past them. */
function comesTooLate(
  { name, kind }: CompiledMigration,
  applied: readonly AppliedMigration[],
  known: ReadonlyMap<string, string>,
): boolean {
  const later = applied.filter((other) => known.has(other.name) && other.name > name);
  return kind === 'expand' ? later.length > 0 : later.some((other) => other.kind === 'contract');
}

/** Whether a build can serve the tenants of a placement. */
export function isInRange({ pending, contracted }: Difference): boolean {
  return pending.length === 0 && contracted.length === 0;
}
