import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type RestartableServer, startRestartableServer } from './restartable-server.ts';

let server: RestartableServer;
const clients: pg.Client[] = [];

beforeAll(async () => {
  server = await startRestartableServer();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});

afterAll(async () => {
  await server.end();
});

async function connect(to = server): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: to.address.MIGRATOR_DATABASE_URL });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

async function query(sql: string, to = server): Promise<unknown[]> {
  const client = await connect(to);
  return (await client.query<Record<string, unknown>>(sql)).rows;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error('It did not come about within 10 s.');
    }
    await sleep(20);
  }
}

async function recoveries(): Promise<number> {
  const log = await readFile(server.logFile, 'utf8');
  return log.split('automatic recovery in progress').length - 1;
}

describe('a server that crashed', () => {
  it('has what was committed when it is started again, at the same address', async () => {
    const before = await recoveries();
    await query('create table kept (n int)');

    for (let n = 1; n <= 3; n++) {
      await query(`insert into kept values (${n})`);
      await server.stop('immediate');
      await server.start();
    }

    expect(await query('select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await recoveries()).toBe(before + 3);
  });

  it('has ended its sessions, and takes no connection until then', async () => {
    const client = await connect();

    await server.stop('immediate');

    await expect(client.query('select 1')).rejects.toThrow(/terminat|not queryable/);
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a server that was stopped fast', () => {
  it('has ended its sessions, and needs no recovery', async () => {
    const before = await recoveries();
    const client = await connect();
    const ended = once(client, 'error');

    await server.stop('fast');

    expect(await ended).toMatchObject([{ code: '57P01' }]);
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(await recoveries()).toBe(before);
  });

  it('is not taken for one that has ended, however long it stays so', async () => {
    await server.stop('fast');

    // Longer than the supervisor takes to see that a server is gone.
    await sleep(2500);

    await server.start();
    expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('cannot be stopped, nor a running one be started', async () => {
    await expect(server.start()).rejects.toThrow('has not been stopped');
    await server.stop('fast');
    await expect(server.stop('immediate')).rejects.toThrow('has been stopped');
    await expect(server.killBackend(process.pid)).rejects.toThrow('has been stopped');
    await server.start();
    expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a server whose backend is killed', () => {
  it('ends all connections, and comes back by itself with what was committed', async () => {
    const before = await recoveries();
    await query('create table survivor as select 1 as n');
    const [victim, bystander] = [await connect(), await connect()];
    await bystander.query('begin; insert into survivor values (2)');
    const ended = Promise.all([once(victim, 'error'), once(bystander, 'error')]);
    const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid');

    await server.killBackend(rows[0]!.pid);

    await ended;
    await until(async () => {
      const client = await connect().catch(() => undefined);
      return client !== undefined;
    });
    expect(await query('select n from survivor')).toEqual([{ n: 1 }]);
    expect(await recoveries()).toBe(before + 1);
    await server.stop('fast');
    await server.start();
    expect(await query('select n from survivor')).toEqual([{ n: 1 }]);
  });

  it('loses no process but its own', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(bystander, 'spawn');

    await expect(server.killBackend(bystander.pid!)).rejects.toThrow('has no process');
    await expect(server.killBackend(2 ** 30)).rejects.toThrow('has no process');

    expect(bystander.kill(0)).toBe(true);
    bystander.kill();
  });
});

describe('a server with settings', () => {
  it('has them instead of its own: without synchronous commits, it loses some in a crash', async () => {
    const other = await startRestartableServer({
      settings: { synchronous_commit: 'off', wal_writer_delay: '10s', max_connections: 17 },
    });
    await query('create table lost (n int)', other);
    await query('checkpoint', other);

    await query('insert into lost values (1)', other);
    await other.stop('immediate');
    await other.start();

    const found = await query(
      `select (select count(*)::int from lost) as rows, current_setting('max_connections') as max, current_setting('full_page_writes') as full`,
      other,
    );
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await other.end();
    expect(found).toEqual([{ rows: 0, max: '17', full: 'on' }]);
  });
});

describe('a server that cannot be started again', () => {
  it('says why, and has ended for good', async () => {
    const other = await startRestartableServer();
    const port = Number(new URL(other.address.DATABASE_URL).port);
    await other.stop('fast');
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');

    await expect(other.start()).rejects.toThrow(/could not be started[^]*Address already in use/);

    squatter.close();
    await until(() => !existsSync(dirname(other.logFile)));
    await expect(other.start()).rejects.toThrow('has ended');
    await other.end();
  });
});
