import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

interface LockFacts {
  readonly blocked: number;
  readonly longest: number;
  readonly blocking: readonly object[];
}

/** Who waits for a lock, and who has it. */
export class LocksIndicator extends Indicator {
  override readonly name = 'locks';

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { blocked, longest, blocking } = await readRow<LockFacts>(database, FACTS);
    return [measure('longest-lock-wait', longest, { blocked, blocking })];
  }
}

const FACTS = `
  with waiting as (select distinct pid, waitstart from pg_locks where not granted),
    blocker as (select distinct unnest(pg_blocking_pids(pid)) as pid from waiting)
  select (select count(distinct pid)::int from waiting) as blocked,
    (select coalesce(max(extract(epoch from clock_timestamp() - waitstart)), 0)::float8 from waiting) as longest,
    (select coalesce(json_agg(json_build_object('pid', pid, 'application', application_name, 'state', state,
       'transactionSeconds', extract(epoch from clock_timestamp() - xact_start)::int)), '[]')
     from (select a.* from blocker join pg_stat_activity a using (pid) limit 20) of_them) as blocking`;
