import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAWhile, ProxyHarness, targetOf, until } from './testing/proxy-harness.ts';

let harness: ProxyHarness;

beforeEach(async () => {
  harness = await ProxyHarness.start();
});

afterEach(async () => {
  await harness.stop();
});

/** A client of the proxy that says nothing, to be heard. */
async function connectRaw(): Promise<Socket> {
  const { host, port } = targetOf(harness.proxy.address(harness.database.address).DATABASE_URL);
  const socket = connectSocket(port, host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]!.pid;
}

function streamOf(client: pg.Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

async function msFor(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

describe('a reset', () => {
  it('breaks all connections, and new ones work', async () => {
    const clients = [await harness.connect(), await harness.connect()];
    const queries = clients.map((client) => client.query('select pg_sleep(60)'));

    expect(harness.proxy.reset()).toBe(2);

    for (const query of queries) {
      await expect(query).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
    expect((await (await harness.connect()).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(harness.proxy.counters).toMatchObject({ connections: 3, resets: 2 });
  });

  it('breaks only those that it is for', async () => {
    const [one, other] = [await harness.connect(), await harness.connect()];
    const pid = await pidOf(one);

    expect(harness.proxy.reset(({ backend }) => backend === pid)).toBe(1);

    await expect(one.query('select 1')).rejects.toThrow();
    expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a black hole', () => {
  it('of existing connections swallows what they send until it is over, and leaves new ones alone', async () => {
    const client = await harness.connect();

    harness.proxy.blackHole('existing');

    const query = client.query('insert into note values (1)');
    expect(await afterAWhile(query)).toBe('nothing');
    expect(await harness.notes()).toEqual([]);
    const other = await harness.connect();
    expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    harness.proxy.blackHole('none');
    expect(await query).toMatchObject({ rowCount: 1 });
    expect(await harness.notes()).toEqual([1]);
  });

  it('swallows what is under way to the server, and that a client has gone', async () => {
    const [one, other] = [await harness.connect(), await harness.connect()];
    harness.proxy.network.delayMs.toServer = 150;
    const query = one.query('insert into note values (1)');
    streamOf(other).end();
    await sleep(50);

    harness.proxy.blackHole('all');

    expect(await afterAWhile(query)).toBe('nothing');
    expect(await harness.notes()).toEqual([]);
    expect(await harness.sessions()).toBe(2);
    harness.proxy.blackHole('none');
    await query;
    await until(async () => (await harness.sessions()) === 1);
  });

  it('swallows replies that are under way', async () => {
    const client = await harness.connect();
    const query = client.query('select pg_sleep(0.1)');
    await until(async () => (await harness.sessions()) === 1);

    harness.proxy.blackHole('all');

    expect(await afterAWhile(query)).toBe('nothing');
    harness.proxy.blackHole('none');
    await query;
  });

  it('holds a COMMIT back, and also what is to become of one', async () => {
    const [one, other] = [await harness.connect(), await harness.connect()];
    harness.proxy.faults.onCommit = () => ({ kind: 'reply-dropped', then: 'reset' });
    const slow = one.query('select pg_sleep(0.1); commit');
    slow.catch(() => undefined);
    await until(() => harness.proxy.counters.commits === 1);

    harness.proxy.blackHole('existing');

    const held = other.query('commit');
    held.catch(() => undefined);
    expect(await afterAWhile(Promise.race([slow, held]))).toBe('nothing');
    expect(harness.proxy.counters).toMatchObject({ commits: 1, repliesDropped: 0 });
    harness.proxy.blackHole('none');
    await expect(slow).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(held).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(harness.proxy.counters).toMatchObject({ commits: 2, repliesDropped: 2 });
  });

  it('of new connections accepts them and never answers, and leaves existing ones alone', async () => {
    const client = await harness.connect();

    harness.proxy.blackHole('new');

    const socket = await connectRaw();
    expect(await afterAWhile(once(socket, 'data'))).toBe('nothing');
    const other = harness.connect();
    expect(await afterAWhile(other)).toBe('nothing');
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(await harness.sessions()).toBe(1);
    harness.proxy.blackHole('none');
    expect((await (await other).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('hides from each side that the other has gone', async () => {
    const client = await harness.connect();
    const victim = await harness.connect();
    const ended = new Promise((resolve) => victim.once('end', resolve));
    const pid = await pidOf(victim);
    harness.proxy.blackHole('existing');

    await harness.asServerSees(`select pg_terminate_backend(${pid}, 5000)`);
    void client.end().catch(() => undefined);

    expect(await afterAWhile(ended)).toBe('nothing');
    expect(await harness.sessions()).toBe(1);
    harness.proxy.blackHole('none');
    await ended;
    await until(async () => (await harness.sessions()) === 0);
  });
});

describe('a proxy that refuses connections', () => {
  it('keeps those it has, and accepts others later, at the same address', async () => {
    const client = await harness.connect();
    const address = harness.proxy.address(harness.database.address);

    harness.proxy.refuseConnections();

    await expect(harness.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await harness.proxy.acceptConnections();
    await harness.proxy.acceptConnections();
    expect(harness.proxy.address(harness.database.address)).toEqual(address);
    expect((await (await harness.connect()).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a slow network', () => {
  it('delays each direction by its own time, and a long result not more than a short one', async () => {
    const client = await harness.connect();
    const long = 'select repeat($1, 1000) from generate_series(1, 3000)';
    const before = await msFor(() => client.query(long, ['x']));

    Object.assign(harness.proxy.network.delayMs, { toServer: 100, toClient: 200 });

    const short = await msFor(() => client.query('select 1'));
    expect(short).toBeGreaterThanOrEqual(298);
    expect(short).toBeLessThan(900);
    expect(await msFor(() => client.query(long, ['x']))).toBeLessThan(before + 900);
  });

  it('lets only so many bytes through in a second', async () => {
    const client = await harness.connect();
    harness.proxy.network.bytesPerSecond = 20_000;

    const ms = await msFor(() => client.query(`select repeat('x', 10000)`));

    expect(ms).toBeGreaterThan(450);
    expect(ms).toBeLessThan(2000);
  });

  it('cuts what is sent into pieces', async () => {
    const client = await harness.connect();
    const pieces: number[] = [];
    streamOf(client).on('data', (piece: Buffer) => pieces.push(piece.length));
    harness.proxy.network.sliceBytes = 7;

    await client.query(`select repeat('x', 10000)`);

    // The machine may join some of them again.
    expect(pieces.filter((bytes) => bytes === 7).length).toBeGreaterThan(1000);
  });

  it('may be all that at once, and everything arrives in order', async () => {
    const client = await harness.connect();
    Object.assign(harness.proxy.network, {
      delayMs: { toServer: 20, toClient: 30 },
      bytesPerSecond: 30_000,
      sliceBytes: 13,
    });

    const { rows } = await client.query<{ text: string }>(
      `select string_agg(n::text, ',') as text from generate_series(1, 1000) as n`,
    );

    expect(rows[0]!.text).toBe(Array.from({ length: 1000 }, (_, n) => n + 1).join(','));
  });

  it.each([
    { what: 'replies', sql: `select repeat('x', 1000) from generate_series(1, 50000)`, values: [] },
    { what: 'requests', sql: 'select length($1)', values: ['x'.repeat(50_000_000)] },
  ])('does not make a sender run far ahead of it, with its $what', async ({ sql, values }) => {
    const client = await harness.connect();
    harness.proxy.network.bytesPerSecond = 1000;

    const query = client.query(sql, values);
    query.catch(() => undefined);
    // The driver's own copy does not count.
    await turn();
    const before = process.memoryUsage().arrayBuffers;

    expect(await afterAWhile(query)).toBe('nothing');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });
});

describe('a proxy that heals', () => {
  it('has no fault any more', async () => {
    const { proxy } = harness;
    Object.assign(proxy.network, {
      delayMs: { toServer: 1000, toClient: 1000 },
      bytesPerSecond: 1,
      sliceBytes: 1,
    });
    proxy.faults.onCommit = () => ({ kind: 'request-dropped', then: 'reset' });
    proxy.blackHole('all');
    proxy.refuseConnections();

    await proxy.heal();

    const client = await harness.connect();
    expect(
      await msFor(() => client.query('begin; insert into note values (1); commit')),
    ).toBeLessThan(1500);
    expect(await harness.notes()).toEqual([1]);
  });
});
