import { checkServerVersion, type Queryable, type Strictness } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import { judged, type Reading } from '../report/reading.ts';

interface ServerFacts {
  readonly version: string;
  readonly number: number;
  readonly uptime: number;
}

/** Which server it is, since when, and how far away. */
export class ServerIndicator extends Indicator {
  override readonly name = 'server';

  constructor(private readonly strictness: Strictness) {
    super();
  }

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const facts = await readRow<ServerFacts>(database, FACTS);
    const start = performance.now();
    await database.execute('select 1');
    return [
      measure('round-trip', performance.now() - start),
      measure('uptime', facts.uptime),
      this.version(facts),
    ];
  }

  private version({ version, number }: ServerFacts): Reading {
    const [finding] = checkServerVersion(number, this.strictness);
    const status = finding ? (finding.severity === 'leak' ? 'fail' : 'warn') : 'pass';
    return judged('version', status, version, {
      ...(finding && { detail: finding.problem }),
      advice: finding?.remedy ?? '',
    });
  }
}

const FACTS = `
  select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
    extract(epoch from clock_timestamp() - pg_postmaster_start_time())::float8 as uptime`;
