import type { MikroORM } from '@mikro-orm/postgresql';

/** The connections of this process. */
export interface PoolStatistics {
  readonly max: number;
  readonly total: number;
  readonly idle: number;
  /** How many wait for one. */
  readonly waiting: number;
}

export async function readPoolStatistics(orm: MikroORM): Promise<PoolStatistics> {
  const pool = await orm.driver.getConnection().getNativeClient();
  const { options, totalCount, idleCount, waitingCount } = pool;
  return { max: options.max, total: totalCount, idle: idleCount, waiting: waitingCount };
}
