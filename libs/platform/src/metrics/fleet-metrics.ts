import { Gauge } from 'prom-client';
import { registry } from './registry.ts';

/** How many placements are not where they should be. */
interface MigrationCounts {
  /** Migrations wait for them. */
  readonly pending: number;
  /** Their last migration has failed. */
  readonly failed: number;
  /** This build cannot serve them. */
  readonly outOfRange: number;
}

const migrations = new Gauge({
  name: 'tenantry_migration_placements',
  help: 'Placements by what keeps them from being up to date. Absent until this process has looked.',
  labelNames: ['state'],
  registers: [registry],
});
const warm = new Gauge({
  name: 'tenantry_warm_placements',
  help: 'Placements that are made ahead and belong to nobody. Absent until this process has looked.',
  labelNames: ['state'],
  registers: [registry],
});
const seeds = new Gauge({
  name: 'tenantry_seed_targets',
  help: 'Targets of seeders that have an older version than others. Absent until this process has looked.',
  labelNames: ['state'],
  registers: [registry],
});

/** What was found of the fleet, by whoever looks now and then. */
export function setMigrationCounts({ pending, failed, outOfRange }: MigrationCounts): void {
  migrations.set({ state: 'pending' }, pending);
  migrations.set({ state: 'failed' }, failed);
  migrations.set({ state: 'out_of_range' }, outOfRange);
}

/** How many placements of the warm pool are up to date, and how many are not, found by whoever looks now and then. */
export function setWarmPlacements(counts: {
  readonly ready: number;
  readonly lagging: number;
}): void {
  warm.set({ state: 'ready' }, counts.ready);
  warm.set({ state: 'lagging' }, counts.lagging);
}

/** In how many targets a seeder has an older version than elsewhere, found by whoever looks now and then. */
export function setOutdatedSeeds(count: number): void {
  seeds.set({ state: 'outdated' }, count);
}
