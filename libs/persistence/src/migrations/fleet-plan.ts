import type { MigrationListName } from './schema-migration.ts';

/** What one query says of the fleet. */
export interface FleetSnapshot {
  /** The schemas of all placements. */
  readonly placements: readonly string[];
  /** The names of the migrations that have been applied, by target. */
  readonly applied: ReadonlyMap<string, readonly string[]>;
}

/** Where migrations go: the catalog, or the schema of a placement. */
export interface Target {
  /** `catalog`, or the placement's schema: what the ledger knows it by. */
  readonly name: string;
  readonly list: MigrationListName;
}

export interface TargetPlan extends Target {
  readonly applied: readonly string[];
  /** To be applied, in this order. */
  readonly pending: readonly string[];
  /** Applied, but unknown to this build: a newer one has been here. */
  readonly ahead: readonly string[];
}

export const CATALOG: Target = { name: 'catalog', list: 'catalog' };

/** The names of all migrations of a build, in order. */
export type KnownMigrations = Readonly<Record<MigrationListName, readonly string[]>>;

/** What is to be done where: the catalog first, then every placement. A pure function, and what `status` prints. */
export function planFleet(snapshot: FleetSnapshot, known: KnownMigrations): readonly TargetPlan[] {
  const targets = [
    CATALOG,
    ...snapshot.placements.map((name): Target => ({ name, list: 'tenant' })),
  ];
  return targets.map((target) => {
    const names = known[target.list];
    const applied = snapshot.applied.get(target.name) ?? [];
    return {
      ...target,
      applied,
      pending: names.filter((name) => !applied.includes(name)),
      ahead: applied.filter((name) => !names.includes(name)),
    };
  });
}
