import type { MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { isUnreachable, reasonOf, sqlStateOf } from './connection-errors.ts';
import type { SupervisedConnection } from './supervised-connection.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** What to do about what waiting does not help with. */
const ADVICE: Readonly<Record<string, string>> = {
  // invalid_authorization_specification
  '28000': 'Let the role log in, from this host and to this database (pg_hba.conf).',
  // invalid_password
  '28P01':
    'Correct the role or the password of the URL; the migrator makes the app’s role with its password.',
  // invalid_catalog_name
  '3D000': 'Create the database, or correct its name in the URL.',
  // insufficient_privilege
  '42501': 'Grant the role CONNECT on the database.',
};

/** The database cannot be used when a process starts. The message says which, why, what to do, and no password. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect';

  constructor(url: string, cause: unknown) {
    const { username, host, pathname } = new URL(url);
    const target = `postgresql://${username}@${host}${pathname}`;
    const advice = ADVICE[sqlStateOf(cause) ?? ''];
    super(
      `Cannot connect to ${target}: ${reasonOf(cause)}${advice === undefined ? '' : `. ${advice}`}`,
      { cause },
    );
  }
}

/**
 * Connects when a process starts, waiting for a server that is not there yet, or has no room. A wrong password or a
 * database that does not exist fails at once: waiting would not help. The log is told once that it waits, and once that
 * it need not any more.
 * @param retries how often it is tried again, after delays that grow to five seconds, with jitter
 * @param connections how many are made at once, where they are kept: the app's pool makes its own later
 * @throws {CannotConnect}
 */
export async function connect(
  orm: MikroORM,
  url: string,
  retries: number,
  connections = 1,
): Promise<void> {
  const logger = new Logger('Database');
  const policy = retry(handleWhen(isUnreachable), {
    maxAttempts: retries,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_DELAY_MS, maxDelay: LONGEST_DELAY_MS }),
  });
  policy.onRetry(({ attempt, ...failure }) => {
    if (attempt === 1) {
      const reason = 'error' in failure && reasonOf(failure.error);
      logger.warn({ msg: 'the database cannot be reached yet, waiting for it', retries, reason });
    }
  });
  try {
    const connection = orm.driver.getConnection() as SupervisedConnection;
    await connection.connect();
    const pool = await connection.getNativeClient();
    const attempt = await policy.execute(async (context) => {
      await pool.reach(connections);
      return context.attempt;
    });
    if (attempt > 0) {
      logger.log('the database is reachable');
    }
  } catch (error) {
    throw new CannotConnect(url, error);
  }
}
