import type { Queryable } from '@tenantry/persistence';
import { measured, type Reading } from './reading.ts';
import { type Measure, THRESHOLDS } from './thresholds.ts';

/** How often what is cheap is looked at. */
export const OFTEN_MS = 15_000;
export const EACH_MINUTE_MS = 60_000;
/** How often what goes over all tables of all placements is. */
export const RARELY_MS = 15 * 60_000;

/** Looks at one side of the database, now and then, for the report. Extend it for one of your own. */
export abstract class Indicator {
  /** What the report has it under. */
  abstract readonly name: string;
  readonly everyMs: number = OFTEN_MS;
  /** How long it may take, all queries together. */
  readonly deadlineMs: number = 2_000;

  /**
   * May fail: then the report has it as unknown, with the reason.
   * @param database read-only, as the operators' role; not the pool that serves requests
   */
  abstract observe(database: Queryable): Promise<readonly Reading[]>;
}

/** The only row of a query that has one. */
export async function readRow<Row extends object>(database: Queryable, sql: string): Promise<Row> {
  const [row] = await database.execute<Row[]>(sql);
  if (!row) {
    throw new Error('the server has answered with no row');
  }
  return row;
}

export function measure(name: Measure, value: number | null, detail?: unknown): Reading {
  return measured(name, value, THRESHOLDS[name], detail);
}

/** What is seen of sessions, or of statements, says little while some are hidden. */
export function unlessHidden(reading: Reading, hidden: number): Reading {
  return hidden === 0 || reading.status !== 'pass'
    ? reading
    : {
        ...reading,
        status: 'warn',
        output: `${hidden} of other roles cannot be seen`,
        advice: 'Let an administrator run: grant pg_read_all_stats to tenantry_operator;',
      };
}
