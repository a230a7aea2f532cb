import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

/** How far all databases of the server are from running out of transaction ids: one that does stops them all. */
export class WraparoundIndicator extends Indicator {
  override readonly name = 'wraparound';

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { xid, multixact } = await readRow<{ xid: number; multixact: number }>(
      database,
      `select max(age(datfrozenxid))::float8 as xid, max(mxid_age(datminmxid))::float8 as multixact from pg_database`,
    );
    return [measure('transaction-id-age', xid), measure('multixact-age', multixact)];
  }
}
