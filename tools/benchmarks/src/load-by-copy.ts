import type pg from 'pg';
import { median, say, timed } from './database.ts';

/** Each after those that it refers to. */
const TABLES = ['member', 'project', 'task'];
const ROUNDS = 3;

/** What COPY took of all rows of all placements, in milliseconds. */
export interface CopyRun {
  readonly rows: number;
  readonly roundsMs: readonly number[];
  readonly medianMs: number;
}

/**
 * Takes all rows out to files, and puts them back by COPY, several times: the same rows, tables, indexes and constraints. As a
 * superuser, whom row security does not bind, from files on the server: as fast as one connection gets.
 * @param pool of the superuser; its server can write to the folder of its data
 * @throws {Error} when not as many rows come back
 */
export async function copyAgain(pool: pg.Pool): Promise<CopyRun> {
  const { rows: placements } = await pool.query<{ name: string }>(
    'select schema_name as name from catalog.placement order by 1',
  );
  const { rows: folders } = await pool.query<{ data_directory: string }>('show data_directory');
  const tables = placements.flatMap(({ name }) =>
    TABLES.map((table) => ({
      table: `"${name}"."${table}"`,
      file: `'${folders[0]?.data_directory ?? ''}/${name}.${table}.copy'`,
    })),
  );
  const copyAll = async (how: 'to' | 'from'): Promise<number> => {
    let rows = 0;
    for (const { table, file } of tables) {
      rows += (await pool.query(`copy ${table} ${how} ${file}`)).rowCount ?? 0;
    }
    return rows;
  };
  const rows = await copyAll('to');
  const roundsMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await pool.query(`truncate ${tables.map(({ table }) => table).join(', ')}`);
    await pool.query('checkpoint');
    let copied = 0;
    roundsMs.push(
      await timed(async () => {
        copied = await copyAll('from');
      }),
    );
    say(`COPY of ${copied} rows: ${((roundsMs.at(-1) ?? 0) / 1_000).toFixed(1)} s`);
    if (copied !== rows) {
      throw new Error(`${rows} rows were taken out, and ${copied} came back.`);
    }
  }
  return { rows, roundsMs, medianMs: median(roundsMs) };
}
