import type { Queryable } from '@tenantry/persistence';
import { EACH_MINUTE_MS, Indicator, unlessHidden } from '../report/indicator.ts';
import { judged, type Reading, unknown } from '../report/reading.ts';

const MOST = 5;
const ADVICE =
  'Add pg_stat_statements to shared_preload_libraries, restart, and run: create extension pg_stat_statements;';

interface TopStatement {
  readonly statement: string;
  readonly calls: number;
  readonly meanMs: number;
  readonly share: number;
}

/** Where the time of the server goes; without values, which pg_stat_statements leaves out. */
export class StatementsIndicator extends Indicator {
  override readonly name = 'statements';
  override readonly everyMs = EACH_MINUTE_MS;

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const [extension] = await database.execute<{ schema: string }[]>(
      `select quote_ident(n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
       where e.extname = 'pg_stat_statements'`,
    );
    if (!extension) {
      return [unknown('top-statements', 'pg_stat_statements is not there', ADVICE)];
    }
    const top = await database.execute<TopStatement[]>(topIn(extension.schema));
    const hidden = top.filter(({ statement }) => statement === '<insufficient privilege>').length;
    return [
      unlessHidden(
        judged('top-statements', 'pass', top.length, { detail: top, advice: '' }),
        hidden,
      ),
    ];
  }
}

function topIn(schema: string): string {
  return `
    select left(regexp_replace(query, '\\s+', ' ', 'g'), 200) as statement, calls::float8 as calls,
      round(mean_exec_time::numeric, 2)::float8 as "meanMs",
      round((100 * total_exec_time / nullif(sum(total_exec_time) over (), 0))::numeric, 1)::float8 as share
    from ${schema}.pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())
    order by total_exec_time desc limit ${MOST}`;
}
