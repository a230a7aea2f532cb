import type { MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { isUnreachable } from './unreachable.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/**
 * Connects when a process starts, waiting for a server that is not there yet. A wrong password or a database that does
 * not exist fails at once: waiting would not help.
 * @param retries how often it is tried again, after delays that grow to five seconds, with jitter
 */
export async function connect(orm: MikroORM, retries: number): Promise<void> {
  const logger = new Logger('Database');
  const policy = retry(handleWhen(isUnreachable), {
    maxAttempts: retries,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_DELAY_MS, maxDelay: LONGEST_DELAY_MS }),
  });
  policy.onRetry(({ attempt, delay, ...reason }) => {
    const error = 'error' in reason ? (reason.error as Error).message : undefined;
    logger.warn({ msg: 'the database cannot be reached, trying again', attempt, delay, error });
  });
  await policy.execute(() => orm.em.getConnection().execute('select 1'));
}
