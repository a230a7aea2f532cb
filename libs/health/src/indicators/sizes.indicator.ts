import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, RARELY_MS, readRow } from '../report/indicator.ts';
import { judged, type Reading } from '../report/reading.ts';

/** How many placements are named, the largest. */
const MOST = 20;

interface Sizes {
  readonly database: number;
  readonly placements: number;
  readonly largest: readonly { readonly schema: string; readonly bytes: number }[];
}

/** How large the database is, and which placements are the largest. */
export class SizesIndicator extends Indicator {
  override readonly name = 'sizes';
  override readonly everyMs = RARELY_MS;
  override readonly deadlineMs = 15_000;

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { database: size, placements, largest } = await readRow<Sizes>(database, FACTS);
    return [
      measure('database-size', size),
      judged('placements', 'pass', placements, { detail: { largest }, advice: '' }),
    ];
  }
}

const FACTS = `
  select pg_database_size(current_database())::float8 as database,
    (select count(*)::int from catalog.placement) as placements,
    (select coalesce(json_agg(json_build_object('schema', schema_name, 'bytes', bytes)), '[]')
     from (
       select p.schema_name, sum(pg_total_relation_size(c.oid))::float8 as bytes
       from catalog.placement p
       join pg_namespace n on n.nspname = p.schema_name
       join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'm')
       group by 1 order by 2 desc limit ${MOST}
     ) largest) as largest`;
