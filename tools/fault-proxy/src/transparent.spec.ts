import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type pg from 'pg';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { connect, ProxyHarness, targetOf, until } from './testing/proxy-harness.ts';

let harness: ProxyHarness;
/** Before the harness's own one, which then has to do with slices too. */
let outer: FaultProxy;

beforeAll(async () => {
  harness = await ProxyHarness.start();
  const { address } = harness.database;
  outer = await startFaultProxy(targetOf(harness.proxy.address(address).DATABASE_URL));
});

afterAll(async () => {
  await outer.close();
  await harness.stop();
});

const connectThrough = (): Promise<pg.Client> =>
  connect(outer.address(harness.database.address).MIGRATOR_DATABASE_URL);

/** What the driver has and its types do not: COPY, and the key that a cancel request needs. */
interface Copying {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

interface Session {
  readonly processID: number;
  readonly secretKey: number;
}

/** A COPY, with what is to be copied for one from stdin. */
async function copy(client: pg.Client, sql: string, rows = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    let copied = '';
    client.query({
      submit: (connection: pg.Connection) => {
        connection.query(sql);
      },
      handleCopyInResponse: (connection: Copying) => {
        for (let at = 0; at < rows.length; at += 1000) {
          connection.sendCopyFromChunk(Buffer.from(rows.slice(at, at + 1000)));
        }
        connection.endCopyFrom();
      },
      handleCopyData: ({ chunk }: { chunk: Buffer }) => {
        copied += chunk.toString();
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => {
        resolve(copied);
      },
      handleError: reject,
    } as pg.Submittable);
  });
}

describe.each([
  { slices: 'of 1 byte', sliceBytes: 1, bytes: 100_000 },
  { slices: 'of 7 bytes', sliceBytes: 7, bytes: 500_000 },
  { slices: 'as they come', sliceBytes: Infinity, bytes: 20_000_000 },
])('through a proxy, in slices $slices,', ({ sliceBytes, bytes }) => {
  let client: pg.Client;

  beforeEach(async () => {
    outer.network.sliceBytes = sliceBytes;
    harness.proxy.network.sliceBytes = sliceBytes;
    client = await connectThrough();
  });

  afterEach(async () => {
    await client.end();
  });

  it('a session is like any other', async () => {
    await client.query('begin');
    await client.query(`set local lock_timeout = '42ms'`);
    const { rows } = await client.query<{ timeout: string; next: number; text: string }>(
      `select current_setting('lock_timeout') as timeout, $1::int + 1 as next, 'größe' as text`,
      [41],
    );
    await client.query('commit');

    expect(rows).toEqual([{ timeout: '42ms', next: 42, text: 'größe' }]);
    expect((await client.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
  });

  it('each COMMIT is seen, however it is sent', async () => {
    const before = harness.proxy.counters.commits;

    await client.query('begin; select 1; commit;');
    await client.query({ text: 'commit', queryMode: 'extended' } as pg.QueryConfig);
    await client.query({ name: 'finish', text: 'commit' });
    await client.query({ name: 'finish', text: 'commit' });
    await client.query('rollback');

    expect(harness.proxy.counters.commits).toBe(before + 4);
  });

  it('a prepared statement is prepared once, whatever its parameters', async () => {
    const times = (text: string, n: number): Promise<pg.QueryResult<{ length: number }>> =>
      client.query({
        name: 'times',
        text: 'select length(repeat($1, $2::int))',
        values: [text, n],
      });

    expect((await times('ab', 3)).rows).toEqual([{ length: 6 }]);
    expect((await times('x'.repeat(bytes / 50), 2)).rows).toEqual([{ length: bytes / 25 }]);
    expect(
      (await client.query('select count(*)::int as prepared from pg_prepared_statements')).rows,
    ).toEqual([{ prepared: 1 }]);
  });

  it('a long result comes as it is', async () => {
    const { rows } = await client.query<{ n: number; text: string }>(
      `select n, repeat(chr(65 + n % 26), 1000) as text from generate_series(1, $1::int) as n`,
      [bytes / 1000],
    );

    expect(rows).toHaveLength(bytes / 1000);
    expect(
      rows.every(({ n, text }) => text === String.fromCharCode(65 + (n % 26)).repeat(1000)),
    ).toBe(true);
  });

  it('a long request goes as it is', async () => {
    const { rows } = await client.query<{ length: number; hash: string }>(
      `select length(text), md5(text) as hash from (select '${'xy'.repeat(bytes / 4)}' as text) as sent`,
    );

    expect(rows).toEqual([
      (await client.query(`select ${bytes / 2} as length, md5(repeat('xy', ${bytes / 4})) as hash`))
        .rows[0],
    ]);
  });

  it('what is copied in is what is copied out', async () => {
    const rows = Array.from({ length: bytes / 100 }, (_, n) => `row ${n}\n`).join('');
    await client.query('create temporary table copied (text text)');

    await copy(client, 'copy copied from stdin', rows);

    expect(await copy(client, 'copy copied to stdout')).toBe(rows);
  });

  it('an error is one, and the session goes on', async () => {
    await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });

    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('a query can be cancelled', async () => {
    const before = harness.proxy.counters.cancelRequests;
    const { processID, secretKey } = client as unknown as Session;
    const cancelled = expect(client.query('select pg_sleep(60)')).rejects.toMatchObject({
      code: '57014',
    });
    await until(async () => {
      const running = await harness.asServerSees(
        `select from pg_stat_activity where pid = ${processID} and state = 'active'`,
      );
      return running.length === 1;
    });

    const { host, port } = targetOf(outer.address(harness.database.address).DATABASE_URL);
    const socket = connectSocket(port, host);
    const closed = once(socket, 'close');
    const request = Buffer.alloc(16);
    [16, 80_877_102, processID, secretKey].forEach((n, index) =>
      request.writeInt32BE(n, index * 4),
    );
    socket.resume().write(request);

    await cancelled;
    await closed;
    expect(harness.proxy.counters.cancelRequests).toBe(before + 1);
  });

  it('a client that would encrypt learns that it cannot', async () => {
    const { host, port } = targetOf(outer.address(harness.database.address).DATABASE_URL);
    const socket = connectSocket(port, host);
    socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));

    const [answer] = (await once(socket, 'data')) as [Buffer];

    expect(answer.toString()).toBe('N');
    socket.destroy();
  });
});

describe('through a proxy, the end of one side', () => {
  it('leaves the other time to say what it has to say', async () => {
    const client = await connectThrough();

    const query = client.query(`select repeat('x', 1000000) as text`);
    (client as unknown as { connection: { stream: Socket } }).connection.stream.end();

    expect((await query).rows).toEqual([{ text: 'x'.repeat(1_000_000) }]);
  });

  it('is the end of the other', async () => {
    const client = await connectThrough();
    await until(async () => (await harness.sessions()) === 1);

    await client.end();

    await until(async () => (await harness.sessions()) === 0);
    const other = await connectThrough();
    const ended = new Promise((resolve) => other.once('end', resolve));
    await harness.asServerSees(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await ended;
  });
});
