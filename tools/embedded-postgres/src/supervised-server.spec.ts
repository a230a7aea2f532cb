import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ServerAddress, ServerOptions } from './server.ts';

let directory: string;
const owners: ChildProcess[] = [];

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'tenantry-spec-')), 'postgres');
});

afterEach(async () => {
  for (const owner of owners.splice(0)) {
    owner.kill('SIGKILL');
  }
  await until(async () => !(await isRunning()));
  // More than once, since the supervisor clears its directory away as well, and may be at it.
  await rm(join(directory, '..'), { recursive: true, force: true, maxRetries: 10 });
});

/** A process of its own that has a server, since what matters is what becomes of it when that process ends. */
async function startOwner(
  options: Partial<ServerOptions> = {},
): Promise<{ owner: ChildProcess; address: ServerAddress }> {
  const script = `
    import { superviseServer } from ${JSON.stringify(join(import.meta.dirname, 'supervised-server.ts'))};
    const server = await superviseServer(${JSON.stringify({ directory, port: 0, throwAway: true, ...options })});
    process.on('SIGTERM', async () => { setTimeout(() => {}, 9999); server.stop(); await server.ended; process.exit(); });
    console.log(JSON.stringify(server.address));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  owners.push(owner);
  let complaint = '';
  owner.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [line] = (await Promise.race([
    once(createInterface(owner.stdout), 'line'),
    once(owner, 'exit'),
  ])) as [unknown];
  if (typeof line !== 'string') {
    throw new Error(complaint);
  }
  return { owner, address: JSON.parse(line) as ServerAddress };
}

async function query(address: ServerAddress, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: address.MIGRATOR_DATABASE_URL });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Whether PostgreSQL's own processes are still there. */
async function isRunning(): Promise<boolean> {
  const [pid] = (
    await readFile(join(directory, 'data/postmaster.pid'), 'utf8').catch(() => '')
  ).split('\n');
  if (!pid) {
    return false;
  }
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error('It did not come about within 10 s.');
    }
    await sleep(50);
  }
}

describe('a server', () => {
  it('is real PostgreSQL, durable, on the loopback interface only', async () => {
    const { address } = await startOwner({ throwAway: false });

    expect(
      await query(
        address,
        `select current_setting('fsync') as fsync, current_setting('listen_addresses') as listens, current_setting('server_version_num')::int >= 180000 as new`,
      ),
    ).toEqual([{ fsync: 'on', listens: '127.0.0.1', new: true }]);
    expect(new URL(address.DATABASE_URL).username).toBe('tenantry_app');
  });

  it('ends in good order when it is asked to, and finds its data again', async () => {
    const first = await startOwner({ throwAway: false });
    await query(first.address, 'create table kept as select 42 as answer');
    first.owner.kill('SIGTERM');
    await once(first.owner, 'exit');
    expect(await isRunning()).toBe(false);

    const second = await startOwner({ throwAway: false });

    expect(await query(second.address, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await readFile(join(directory, 'server.log'), 'utf8')).not.toContain('recovery');
  });

  it('ends when the process that wanted it was killed', async () => {
    const { owner } = await startOwner();
    expect(await isRunning()).toBe(true);

    owner.kill('SIGKILL');

    await until(async () => !(await isRunning()));
  });

  it('takes another port when its own is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };

    const { address } = await startOwner({ port });

    expect(new URL(address.DATABASE_URL).port).not.toBe(String(port));
    expect(await query(address, 'select 1 as one')).toEqual([{ one: 1 }]);
    other.close();
  });

  it('says what is wrong when its data is of another version', async () => {
    await mkdir(join(directory, 'data'), { recursive: true });
    await writeFile(join(directory, 'data/PG_VERSION'), '9\n');

    await expect(startOwner()).rejects.toThrow(/is of PostgreSQL 9, the embedded server is 18/);
  });

  it('says what is wrong when it is running already', async () => {
    await startOwner();

    await expect(startOwner()).rejects.toThrow(/could not be started[^]*postmaster\.pid/);
  });

  it('that is to be thrown away takes its data with it', async () => {
    const { owner, address } = await startOwner();
    expect(await query(address, `select current_setting('fsync') as fsync`)).toEqual([
      { fsync: 'off' },
    ]);

    owner.kill('SIGKILL');

    await until(async () => !(await readdir(join(directory, '..'))).includes('postgres'));
  });
});
