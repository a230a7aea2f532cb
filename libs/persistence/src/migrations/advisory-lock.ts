import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';

const EVERY_MS = 50;

/** Someone else holds a lock that is needed. */
export class LockTaken extends Error {
  override readonly name = 'LockTaken';

  constructor(readonly what: string) {
    super(`Another run holds the lock of ${what}. Wait for it to end, or end it.`);
  }
}

/**
 * Takes a lock until the end of the transaction. It is tried again and again, and never waited for: a session that waits
 * for an advisory lock is in the way of a concurrent index.
 * @throws {LockTaken} when someone else still holds it after `patienceMs`
 */
export async function lock(
  transaction: EntityManager,
  what: string,
  patienceMs: number,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await tryLock(transaction, what))) {
    if (Date.now() >= deadline) {
      throw new LockTaken(what);
    }
    await sleep(EVERY_MS * (0.5 + Math.random()));
  }
}

/** Takes a lock until the end of the transaction, unless someone else holds it. */
export async function tryLock(transaction: EntityManager, what: string): Promise<boolean> {
  const [row] = await transaction.execute<{ taken: boolean }[]>(
    `select pg_try_advisory_xact_lock(${lockKey(what)}) as taken`,
  );
  return row?.taken === true;
}

/** SQL of the number that the server knows a lock by. */
export function lockKey(what: string): string {
  return `hashtextextended(${pg.escapeLiteral(`tenantry ${what}`)}, 0)`;
}

/** The same, of a placement whose name is what an expression gives. */
export function placementLockKey(expression: string): string {
  return `hashtextextended('tenantry placement ' || ${expression}, 0)`;
}
