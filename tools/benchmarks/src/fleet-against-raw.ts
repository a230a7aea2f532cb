import { type ListedMigration, migrationLists, withFleet } from '@tenantry/persistence';
import type { MigratorConfig } from '@tenantry/platform';
import type pg from 'pg';
import { columnMigration, oneColumn } from './column-migration.ts';
import {
  type Address,
  median,
  placementNames,
  recordPlacements,
  say,
  timed,
  withDatabase,
  withPool,
} from './database.ts';
import { inOneTransaction, placementScript, readPlacementStatements } from './raw-placement.ts';

/** What is measured of the fleet and of raw SQL, in milliseconds for the whole fleet. */
export interface Comparison {
  readonly placements: number;
  readonly rounds: readonly {
    readonly firstMs: Sides;
    readonly columnMs: Sides;
  }[];
  readonly ratios: { readonly first: number; readonly column: number };
}

export interface Sides {
  readonly fleet: number;
  readonly raw: number;
}

interface Settings {
  readonly concurrency: number;
  readonly placements: number;
  readonly rounds: number;
}

/** Both sides by turns, each round on databases of its own. */
export async function compareWithRaw(
  server: Address,
  { concurrency, placements, rounds }: Settings,
): Promise<Comparison> {
  const names = placementNames(0, placements);
  const measured: Comparison['rounds'][number][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const sides = [
      async () => ({ fleet: await measureFleet(server, concurrency, names) }),
      async () => ({ raw: await measureRaw(server, concurrency, names) }),
    ];
    // Who comes first may have a cooler machine.
    const results: { fleet?: FleetMeasures; raw?: number } = {};
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      Object.assign(results, await side());
    }
    const { fleet, raw } = results as Required<typeof results>;
    say(`round ${round + 1} of ${rounds}: ${JSON.stringify({ fleet, raw })}`);
    measured.push({
      firstMs: { fleet: fleet.first, raw },
      columnMs: fleet.columnMs,
    });
  }
  return {
    placements,
    rounds: measured,
    ratios: {
      first: median(measured.map(({ firstMs }) => firstMs.fleet / firstMs.raw)),
      column: median(measured.map(({ columnMs }) => columnMs.fleet / columnMs.raw)),
    },
  };
}

interface FleetMeasures {
  readonly first: number;
  readonly columnMs: Sides;
}

function measureFleet(
  server: Address,
  concurrency: number,
  names: readonly string[],
): Promise<FleetMeasures> {
  return withDatabase(server, 2, async ({ config, pool }) => {
    await withFleet(config, (fleet) => fleet.migrate());
    await recordPlacements(pool, names);
    const first = await timed(() => withFleet(config, (fleet) => fleet.migrate(), { concurrency }));
    return { first, columnMs: await compareColumns(config, concurrency, names) };
  });
}

/** How many columns each side adds: each is over in a moment, so what counts is the median. */
const COLUMNS = 5;

/** Columns in the same schemas, by turns. */
async function compareColumns(
  config: MigratorConfig,
  concurrency: number,
  names: readonly string[],
): Promise<Sides> {
  const added: ListedMigration[] = [];
  const fleet = (number: number): Promise<unknown> => {
    added.push(columnMigration(number));
    const lists = { ...migrationLists, tenant: [...migrationLists.tenant, ...added] };
    return withFleet(config, (migrator) => migrator.migrate(), { concurrency, lists });
  };
  const raw = (number: number): Promise<unknown> =>
    runRaw(config, concurrency, names, (schema) =>
      inOneTransaction([
        'set local role tenantry_owner',
        `set local search_path to "${schema}"`,
        oneColumn(`raw${number}`),
      ]),
    );
  const times: Record<keyof Sides, number[]> = { fleet: [], raw: [] };
  for (let number = 0; number < COLUMNS; number += 1) {
    const sides = Object.entries({ fleet, raw }) as [keyof Sides, typeof raw][];
    for (const [side, add] of number % 2 === 0 ? sides : sides.toReversed()) {
      times[side].push(await timed(() => add(number)));
    }
  }
  return { fleet: median(times.fleet), raw: median(times.raw) };
}

/** How long it takes to make the same schemas, roles, rights and tables, and nothing else. */
function measureRaw(
  server: Address,
  concurrency: number,
  names: readonly string[],
): Promise<number> {
  return withDatabase(server, 2, async (database) => {
    const statements = await readPlacementStatements(database);
    return timed(() =>
      runRaw(database.config, concurrency, names, (schema) => placementScript(schema, statements)),
    );
  });
}

/** By the same number of connections, which are made for it, as for every command. */
function runRaw(
  config: MigratorConfig,
  connections: number,
  names: readonly string[],
  script: (schema: string) => string,
): Promise<void> {
  return withPool(config, connections, (pool) =>
    each(names, connections, (name) => pool.query(script(name))),
  );
}

async function each(
  names: readonly string[],
  concurrency: number,
  work: (name: string) => Promise<pg.QueryResult>,
): Promise<void> {
  const queue = [...names];
  const lane = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      await work(name);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}
