/**
 * The development server, as the continuous Nx task `embedded-postgres:serve`. With DATABASE_URL set there is none, and
 * only the task stays, which Nx expects of a continuous one.
 */
import { DIRECTORY, hasServerOfItsOwn, publish, withdraw } from './database-env.ts';
import { superviseServer } from './supervised-server.ts';

const PORT = 5432;

withdraw();
if (hasServerOfItsOwn()) {
  say('DATABASE_URL or MIGRATOR_DATABASE_URL is set: no embedded PostgreSQL is started.');
  setInterval(() => undefined, 60_000);
} else {
  await serve().catch((error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  });
}

async function serve(): Promise<void> {
  const server = await superviseServer({ directory: DIRECTORY, port: PORT, throwAway: false });
  publish(server.address);
  say(`PostgreSQL is ready: psql ${server.address.MIGRATOR_DATABASE_URL}`);
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      asked.abort();
      server.stop();
    });
  }
  const alive = setInterval(() => undefined, 60_000);
  await server.ended;
  clearInterval(alive);
  withdraw();
  if (!asked.signal.aborted) {
    throw new Error(`PostgreSQL has ended by itself: see ${DIRECTORY}/server.log.`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
