import type { MikroORM } from '@mikro-orm/postgresql';
import { readPoolStatistics } from '@tenantry/persistence';
import { Indicator, measure } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

/** The connections of this process; the server is not asked for them. */
export class PoolIndicator extends Indicator {
  override readonly name = 'pool';

  constructor(private readonly orm: MikroORM) {
    super();
  }

  override async observe(): Promise<readonly Reading[]> {
    const { max, total, idle, waiting } = await readPoolStatistics(this.orm);
    const used = total - idle;
    return [
      measure('pool-in-use', (100 * used) / max, { used, idle, waiting, max }),
      measure('pool-waiting', waiting),
    ];
  }
}
