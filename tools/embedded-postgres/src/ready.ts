/** Ends when the development server answers, as the Nx task `embedded-postgres:ready`; at once with DATABASE_URL set. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import pg from 'pg';
import { ENV_FILE, hasServerOfItsOwn } from './database-env.ts';

const DEADLINE_MS = 30_000;
const EVERY_MS = 100;

if (!hasServerOfItsOwn()) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await answers())) {
    if (Date.now() > deadline) {
      process.stderr.write(
        `The embedded PostgreSQL did not answer within ${DEADLINE_MS / 1000} s.\n`,
      );
      process.exit(1);
    }
    await sleep(EVERY_MS);
  }
}

async function answers(): Promise<boolean> {
  if (!existsSync(ENV_FILE)) {
    return false;
  }
  const { MIGRATOR_DATABASE_URL: url } = parseEnv(readFileSync(ENV_FILE, 'utf8'));
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
