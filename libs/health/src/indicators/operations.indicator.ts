import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

interface OperationFacts {
  readonly failed: number;
  readonly pending: number;
  readonly oldest: number;
}

/** What has been requested for tenants, and is not done. */
export class OperationsIndicator extends Indicator {
  override readonly name = 'operations';

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { failed, pending, oldest } = await readRow<OperationFacts>(database, FACTS);
    return [measure('failed-operations', failed), measure('oldest-operation', oldest, { pending })];
  }
}

const FACTS = `
  select count(*) filter (where status = 'failed')::int as failed,
    count(*) filter (where status = 'pending')::int as pending,
    coalesce(extract(epoch from now() - min(created_at) filter (where status = 'pending')), 0)::float8 as oldest
  from catalog.tenant_operation where status <> 'done'`;
