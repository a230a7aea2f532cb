import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow, unlessHidden } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

interface ConnectionFacts {
  readonly used: number;
  /** Those that are kept for superusers are not for us. */
  readonly max: number;
  readonly hidden: number;
  readonly byState: Readonly<Record<string, number>>;
}

/** How many connections the server has, of all that it can have. */
export class ConnectionsIndicator extends Indicator {
  override readonly name = 'connections';

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { used, max, hidden, byState } = await readRow<ConnectionFacts>(database, FACTS);
    return [
      unlessHidden(measure('connections', (100 * used) / max, { used, max, byState }), hidden),
    ];
  }
}

const FACTS = `
  with session as (
    select datname, state, query = '<insufficient privilege>' as hidden
    from pg_stat_activity where coalesce(backend_type, 'client backend') = 'client backend')
  select count(*)::int as used,
    count(*) filter (where hidden and datname = current_database())::int as hidden,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true), '0')::int as max,
    (select coalesce(json_object_agg(state, number), '{}') from (
       select coalesce(state, 'hidden') as state, count(*) as number
       from session where datname = current_database() group by 1) by_state) as "byState"
  from session`;
