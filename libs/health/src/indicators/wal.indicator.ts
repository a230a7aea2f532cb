import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import { type Counters, Rate } from '../report/rate.ts';
import { judged, type Reading } from '../report/reading.ts';

type Written = Counters & { readonly bytes: number };

interface WalFacts {
  readonly at: number;
  readonly bytes: number;
  readonly archiving: string;
  readonly fails: boolean;
  readonly lastArchived: string | null;
}

/** How much the server writes ahead, and whether that is archived. */
export class WalIndicator extends Indicator {
  override readonly name = 'wal';
  private readonly rate = new Rate<Written>();

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { at, bytes, archiving, fails, lastArchived } = await readRow<WalFacts>(database, FACTS);
    const since = this.rate.since({ at, bytes });
    return [
      measure('wal-rate', since && since.bytes / since.at),
      judged('archiving', fails ? 'fail' : 'pass', archiving, {
        detail: { lastArchived },
        advice:
          'The newest segment could not be archived: see archive_command in the server’s log. Backups have a gap, and the disk fills up.',
      }),
    ];
  }
}

const FACTS = `
  select extract(epoch from clock_timestamp())::float8 as at, wal_bytes::float8 as bytes,
    current_setting('archive_mode') as archiving, last_archived_time::text as "lastArchived",
    current_setting('archive_mode') <> 'off' and last_failed_time is not null
      and last_failed_time > coalesce(last_archived_time, '-infinity') as fails
  from pg_stat_wal, pg_stat_archiver`;
