import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import { type Counters, Rate } from '../report/rate.ts';
import type { Reading } from '../report/reading.ts';

type Activity = Counters & {
  readonly transactions: number;
  readonly deadlocks: number;
  readonly tempFiles: number;
  readonly tempBytes: number;
  readonly hit: number;
  readonly read: number;
};

/** Of fewer blocks than this the share says nothing. */
const TELLING_BLOCKS = 10_000;

/** What this database has done since it was looked at the last time. */
export class ActivityIndicator extends Indicator {
  override readonly name = 'activity';
  private readonly rate = new Rate<Activity>();

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const total = await readRow<Activity>(database, FACTS);
    const since = this.rate.since(total);
    return [
      measure('transactions-per-second', since && since.transactions / since.at),
      measure('deadlocks', since?.deadlocks ?? null, { inAll: total.deadlocks }),
      measure('temp-files', since && since.tempBytes / since.at, {
        filesInAll: total.tempFiles,
        bytesInAll: total.tempBytes,
      }),
      measure('cache-hit', hitOf(since) ?? hitOf(total) ?? 100),
    ];
  }
}

function hitOf(activity: Activity | null): number | null {
  const blocks = activity ? activity.hit + activity.read : 0;
  return activity && blocks >= TELLING_BLOCKS ? (100 * activity.hit) / blocks : null;
}

const FACTS = `
  select extract(epoch from clock_timestamp())::float8 as at, (xact_commit + xact_rollback)::float8 as transactions,
    deadlocks::float8 as deadlocks, temp_files::float8 as "tempFiles", temp_bytes::float8 as "tempBytes",
    blks_hit::float8 as hit, blks_read::float8 as read
  from pg_stat_database where datname = current_database()`;
