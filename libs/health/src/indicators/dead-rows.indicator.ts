import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, RARELY_MS, readRow } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

interface DeadRows {
  readonly live: number;
  readonly dead: number;
  readonly bloated: number;
  readonly worst: readonly object[];
}

/** Tables that vacuum has not come to, over all placements. */
export class DeadRowsIndicator extends Indicator {
  override readonly name = 'dead-rows';
  override readonly everyMs = RARELY_MS;
  override readonly deadlineMs = 15_000;

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { bloated, ...detail } = await readRow<DeadRows>(database, FACTS);
    return [measure('bloated-tables', bloated, detail)];
  }
}

const FACTS = `
  with counted as (
    select schemaname || '.' || relname as name, n_live_tup as live, n_dead_tup as dead, last_autovacuum as vacuumed,
      n_dead_tup >= 10000 and n_dead_tup >= 0.2 * (n_live_tup + n_dead_tup) as is_bloated
    from pg_stat_user_tables)
  select coalesce(sum(live), 0)::float8 as live, coalesce(sum(dead), 0)::float8 as dead,
    count(*) filter (where is_bloated)::int as bloated,
    (select coalesce(json_agg(json_build_object('table', name, 'live', live, 'dead', dead, 'vacuumed', vacuumed)), '[]')
     from (select * from counted where is_bloated order by dead desc limit 5) most) as worst
  from counted`;
