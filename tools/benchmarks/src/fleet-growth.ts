import { migrationLists, withFleet } from '@tenantry/persistence';
import { columnMigration } from './column-migration.ts';
import { type Cost, runMigrator } from './migrator-command.ts';
import {
  type Address,
  placementNames,
  recordPlacements,
  say,
  timed,
  withDatabase,
} from './database.ts';

/** What commands take in a fleet of that size, each as a process of its own. */
export interface FleetOfSize {
  readonly placements: number;
  /** A run that makes those placements that are new in this size. */
  readonly migrate: Cost;
  readonly nothingToDo: Cost;
  readonly status: Cost;
}

export interface Growth {
  readonly sizes: readonly FleetOfSize[];
  /** A column more in the largest fleet. */
  readonly columnMs: number;
}

/** One fleet that is made to grow. */
export function growFleet(
  server: Address,
  { concurrency, sizes }: { readonly concurrency: number; readonly sizes: readonly number[] },
): Promise<Growth> {
  return withDatabase(server, 2, async ({ config, pool }) => {
    await runMigrator(config, 'migrate');
    const measured: FleetOfSize[] = [];
    let there = 0;
    for (const size of sizes) {
      await recordPlacements(pool, placementNames(there, size));
      there = size;
      const migrate = await runMigrator(config, 'migrate', '--concurrency', String(concurrency));
      const nothingToDo = await runMigrator(config, 'migrate');
      const status = await runMigrator(config, 'status');
      measured.push({ placements: size, migrate, nothingToDo, status });
      say(`grown: ${JSON.stringify(measured.at(-1))}`);
    }
    const lists = { ...migrationLists, tenant: [...migrationLists.tenant, columnMigration(0)] };
    const columnMs = await timed(() =>
      withFleet(config, (fleet) => fleet.migrate(), { concurrency, lists }),
    );
    return { sizes: measured, columnMs };
  });
}
