import type pg from 'pg';

/** No connection was to be had: all of them are in use. */
export class PoolExhausted extends Error {
  override readonly name = 'PoolExhausted';

  constructor(why: string, { totalCount, waitingCount }: pg.Pool) {
    super(`${why} (${totalCount} connections, all in use; ${waitingCount} wait for one)`);
  }
}
