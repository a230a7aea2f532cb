import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { LockTaken, lockKey } from './advisory-lock.ts';

/** How long the lock may be waited for: the server may not have noticed yet that a run before has been killed. */
const PATIENCE_MS = 1_000;
const EVERY_MS = 50;

/** A lock of a session means nothing behind a pooler, which gives the session to others. */
export class PoolerInBetween extends Error {
  override readonly name = 'PoolerInBetween';

  constructor() {
    super(
      'MIGRATOR_DATABASE_URL leads to a connection pooler, behind which a run cannot keep others away. Give it the address of the server itself.',
    );
  }
}

/**
 * Holds a lock that one run at a time can have, meanwhile. It belongs to a connection, and ends with it: whatever becomes of this process,
 * there is nothing to unlock.
 * @param what it is the lock of
 * @param work is told when the lock is lost, with its connection
 * @throws {LockTaken} while another run holds it
 * @throws {PoolerInBetween}
 */
export async function withRunLock<Result>(
  pool: pg.Pool,
  what: string,
  work: (lost: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  const lost = new AbortController();
  const lose = (): void => {
    lost.abort();
  };
  client.once('end', lose);
  try {
    await mustBeDirect(client);
    await client.query('set idle_session_timeout = 0');
    await take(client, what);
    const result = await work(lost.signal);
    if (!lost.signal.aborted) {
      // At once, and not when the server finds that the connection is closed.
      await client.query(`select pg_advisory_unlock(${lockKey(what)})`);
    }
    return result;
  } finally {
    client.off('end', lose);
    client.release(true);
  }
}

async function take(client: pg.PoolClient, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isFree(client, what))) {
    if (Date.now() >= deadline) {
      throw new LockTaken(what);
    }
    await sleep(EVERY_MS * (0.5 + Math.random()));
  }
}

/** Takes it if it is. */
async function isFree(client: pg.PoolClient, what: string): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(
    `select pg_try_advisory_lock(${lockKey(what)}) as taken`,
  );
  return rows[0]?.taken === true;
}

/** A pooler answers with a number of its own where a server names its process. */
async function mustBeDirect(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  if (rows[0]?.pid !== (client as unknown as { readonly processID: number }).processID) {
    throw new PoolerInBetween();
  }
}
