import type { MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { isUnreachable, reasonOf } from './connection-errors.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** The database cannot be used when a process starts. The message says which, why, and no password. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect';

  constructor(url: string, cause: unknown) {
    const { username, host, pathname } = new URL(url);
    const target = `postgresql://${username}@${host}${pathname}`;
    super(`Cannot connect to ${target}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Connects when a process starts, waiting for a server that is not there yet. A wrong password or a database that does
 * not exist fails at once: waiting would not help.
 * @param retries how often it is tried again, after delays that grow to five seconds, with jitter
 * @throws {CannotConnect}
 */
export async function connect(orm: MikroORM, url: string, retries: number): Promise<void> {
  const logger = new Logger('Database');
  const policy = retry(handleWhen(isUnreachable), {
    maxAttempts: retries,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_DELAY_MS, maxDelay: LONGEST_DELAY_MS }),
  });
  policy.onRetry(({ attempt, delay, ...reason }) => {
    logger.warn({
      msg: 'the database cannot be reached, trying again',
      attempt,
      delayMs: Math.round(delay),
      reason: 'error' in reason && reasonOf(reason.error),
    });
  });
  try {
    await policy.execute(() => mustAnswer(orm));
  } catch (error) {
    throw new CannotConnect(url, error);
  }
}

async function mustAnswer(orm: MikroORM): Promise<void> {
  const connection = orm.driver.getConnection();
  await connection.connect();
  const pool = await connection.getNativeClient();
  (await pool.connect()).release();
}
