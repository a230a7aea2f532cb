import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import type { ServerAddress } from './server.ts';

/** A pooler that runs before a server. */
export interface PgBouncer {
  /** The logins and the database of the server, reached by way of the pooler. */
  readonly address: ServerAddress;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const NOBODY = 65_534;
const DEADLINE_MS = 10_000;
const EVERY_MS = 50;

/**
 * Runs it until its stdin ends, which it does with whoever holds the other end, even when that is killed. It is killed in
 * turn, since it has nothing to lose: which signal ends it at once differs from version to version.
 */
const UNTIL_STDIN_ENDS = '"$1" "$2/pgbouncer.ini" & cat; kill -9 $!; wait; rm -rf "$2"';

/** The program, where Debian's package puts it if it is not on the path; `undefined` where it is not installed. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find(isExecutable);
}

/**
 * Starts PgBouncer on the loopback interface, in transaction mode and with one server connection for each login: whoever
 * comes next gets what the one before has left on it.
 * @throws {Error} with its log, when it does not answer
 */
export async function startPgBouncer(program: string, server: ServerAddress): Promise<PgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'tenantry-pgbouncer-'));
  const port = await freePort();
  writeFileSync(join(directory, 'pgbouncer.ini'), settings(directory, port, server));
  writeFileSync(join(directory, 'users.txt'), logins(server), { mode: 0o600 });
  writeFileSync(join(directory, 'pgbouncer.log'), '');
  // Like PostgreSQL it does not run as root.
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (user.uid !== undefined) {
    for (const name of ['.', 'pgbouncer.ini', 'users.txt', 'pgbouncer.log']) {
      chownSync(join(directory, name), user.uid, user.gid);
    }
  }
  const shell = spawn('sh', ['-c', UNTIL_STDIN_ENDS, 'sh', program, directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: the terminal's Ctrl-C is not for the shell, which has to clean up.
    detached: true,
    ...user,
  });
  const ended = once(shell, 'close');
  const stop = async (): Promise<void> => {
    shell.stdin.end();
    await ended;
  };
  const address = {
    DATABASE_URL: at(port, server.DATABASE_URL),
    MIGRATOR_DATABASE_URL: at(port, server.MIGRATOR_DATABASE_URL),
  };
  if (!(await answersInTime(address.MIGRATOR_DATABASE_URL))) {
    const log = readFileSync(join(directory, 'pgbouncer.log'), 'utf8');
    await stop();
    throw new Error(`PgBouncer did not answer within ${DEADLINE_MS / 1000} s:\n${log}`);
  }
  return { address, stop };
}

function settings(directory: string, port: number, server: ServerAddress): string {
  const { hostname, port: serverPort } = new URL(server.DATABASE_URL);
  return `[databases]
* = host=${hostname} port=${serverPort || '5432'}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(directory, 'users.txt')}
logfile = ${join(directory, 'pgbouncer.log')}
pool_mode = transaction
default_pool_size = 1
`;
}

/** In plain text, since with these it also logs in to the server. */
function logins(server: ServerAddress): string {
  return [server.DATABASE_URL, server.MIGRATOR_DATABASE_URL]
    .map((url) => new URL(url))
    .map(({ username, password }) => [username, password].map(quoted).join(' '))
    .join('\n');
}

function quoted(part: string): string {
  return `"${decodeURIComponent(part).replaceAll('"', '""')}"`;
}

function at(port: number, url: string): string {
  const address = new URL(url);
  address.host = `127.0.0.1:${port}`;
  return address.href;
}

async function answersInTime(url: string): Promise<boolean> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
    try {
      await client.connect();
      return true;
    } catch {
      await sleep(EVERY_MS);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return false;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
