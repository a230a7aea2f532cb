import { Gauge } from 'prom-client';
import { registry } from './registry.ts';

/** How many placements are not where they should be. */
export interface MigrationCounts {
  /** Migrations wait for them. */
  readonly pending: number;
  /** Their last migration has failed. */
  readonly failed: number;
  /** This build cannot serve them. */
  readonly outOfRange: number;
}

/** In how many targets seeders have not done what they are to do. */
export interface SeedCounts {
  readonly pending: number;
  readonly failed: number;
}

const migrations = new Gauge({
  name: 'tenantry_migration_placements',
  help: 'Placements by what keeps them from being up to date. Absent until this process has looked.',
  labelNames: ['state'],
  registers: [registry],
});
const seeds = new Gauge({
  name: 'tenantry_seed_targets',
  help: 'Targets of seeders by what keeps them from being up to date. Absent until this process has looked.',
  labelNames: ['state'],
  registers: [registry],
});

/** What was found of the fleet, by whoever looks now and then. */
export function setMigrationCounts({ pending, failed, outOfRange }: MigrationCounts): void {
  migrations.set({ state: 'pending' }, pending);
  migrations.set({ state: 'failed' }, failed);
  migrations.set({ state: 'out_of_range' }, outOfRange);
}

/** What was found of the ledger of seeds, by whoever looks now and then. */
export function setSeedCounts({ pending, failed }: SeedCounts): void {
  seeds.set({ state: 'pending' }, pending);
  seeds.set({ state: 'failed' }, failed);
}
