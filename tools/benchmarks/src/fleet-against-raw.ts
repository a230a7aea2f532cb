import { migrationLists, withFleet } from '@tenantry/persistence';
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
    const results: { fleet?: Measures; raw?: Measures } = {};
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      Object.assign(results, await side());
    }
    const { fleet, raw } = results as Required<typeof results>;
    say(`round ${round + 1} of ${rounds}: ${JSON.stringify({ fleet, raw })}`);
    measured.push({
      firstMs: { fleet: fleet.first, raw: raw.first },
      columnMs: { fleet: fleet.column, raw: raw.column },
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

interface Measures {
  readonly first: number;
  /** The median of a few, since each is over in a moment. */
  readonly column: number;
}

const COLUMNS = 5;
const columnNumbers = Array.from({ length: COLUMNS }, (_, index) => index);

function measureFleet(
  server: Address,
  concurrency: number,
  names: readonly string[],
): Promise<Measures> {
  return withDatabase(server, 2, async ({ config, pool }) => {
    await withFleet(config, (fleet) => fleet.migrate());
    await recordPlacements(pool, names);
    const first = await timed(() => withFleet(config, (fleet) => fleet.migrate(), { concurrency }));
    const columns = columnNumbers.map(columnMigration);
    const column = await medianOf(columnNumbers, (number) => {
      const tenant = [...migrationLists.tenant, ...columns.slice(0, number + 1)];
      const lists = { ...migrationLists, tenant };
      return withFleet(config, (fleet) => fleet.migrate(), { concurrency, lists });
    });
    return { first, column };
  });
}

/**
 * The same schemas, roles, rights and tables, by the same number of connections, and nothing else. Each time it connects, as
 * every command has to.
 */
function measureRaw(
  server: Address,
  concurrency: number,
  names: readonly string[],
): Promise<Measures> {
  return withDatabase(server, 2, async (database) => {
    const statements = await readPlacementStatements(database);
    const inAll = (script: (schema: string) => string): Promise<void> =>
      withPool(database.config, concurrency, (pool) =>
        each(names, concurrency, (name) => pool.query(script(name))),
      );
    const first = await timed(() => inAll((schema) => placementScript(schema, statements)));
    const column = await medianOf(columnNumbers, (number) =>
      inAll((schema) =>
        inOneTransaction([
          'set local role tenantry_owner',
          `set local search_path to "${schema}"`,
          oneColumn(number),
        ]),
      ),
    );
    return { first, column };
  });
}

/** Of the times that each takes, one after the other. */
async function medianOf(
  numbers: readonly number[],
  work: (number: number) => Promise<unknown>,
): Promise<number> {
  const times: number[] = [];
  for (const number of numbers) {
    times.push(await timed(() => work(number)));
  }
  return median(times);
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
