import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow, unlessHidden } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

interface TransactionFacts {
  readonly oldest: number;
  readonly oldestIdle: number;
  readonly idle: number;
  readonly prepared: number;
  readonly hidden: number;
}

/** Transactions that have been open for long, in this database. */
export class TransactionsIndicator extends Indicator {
  override readonly name = 'transactions';

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const facts = await readRow<TransactionFacts>(database, FACTS);
    const { oldest, oldestIdle, idle, prepared, hidden } = facts;
    return [
      unlessHidden(measure('oldest-transaction', oldest, { prepared }), hidden),
      unlessHidden(measure('idle-in-transaction', oldestIdle, { sessions: idle }), hidden),
    ];
  }
}

// A prepared transaction is nobody's session, and is open all the same.
const FACTS = `
  select greatest(max(extract(epoch from clock_timestamp() - xact_start)), 0,
      (select max(extract(epoch from clock_timestamp() - prepared)) from pg_prepared_xacts where database = current_database()))::float8 as oldest,
    coalesce(max(extract(epoch from clock_timestamp() - state_change)) filter (where state like 'idle in transaction%'), 0)::float8 as "oldestIdle",
    count(*) filter (where state like 'idle in transaction%')::int as idle,
    (select count(*)::int from pg_prepared_xacts where database = current_database()) as prepared,
    count(*) filter (where query = '<insufficient privilege>')::int as hidden
  from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and coalesce(backend_type, 'client backend') = 'client backend'`;
