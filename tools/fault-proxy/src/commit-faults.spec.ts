import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type CommitFault, everyCommit, nextCommits, someCommits } from './commit-fault.ts';
import { afterAWhile, ProxyHarness, until } from './testing/proxy-harness.ts';

const REQUEST_DROPPED: CommitFault = { kind: 'request-dropped', then: 'reset' };
const REPLY_DROPPED: CommitFault = { kind: 'reply-dropped', then: 'reset' };

let harness: ProxyHarness;
let client: pg.Client;

beforeEach(async () => {
  harness = await ProxyHarness.start();
  client = await harness.connect();
});

afterEach(async () => {
  await harness.stop();
});

async function begin(n: number): Promise<void> {
  await client.query('begin');
  await client.query('insert into note values ($1)', [n]);
}

const NAMED = { name: 'finish', text: 'commit' };

describe.each([
  { way: 'on its own', commit: () => client.query('commit') },
  {
    way: 'behind other statements',
    commit: () => client.query('insert into note values (2); COMMIT;'),
  },
  {
    way: 'by the extended protocol',
    commit: () => client.query({ text: 'commit', queryMode: 'extended' } as pg.QueryConfig),
  },
  { way: 'by name', commit: () => client.query(NAMED) },
])('a COMMIT that is sent $way', ({ commit }) => {
  beforeEach(async () => {
    // For the one that is sent by name: it has been prepared before.
    await client.query(NAMED);
    await begin(1);
  });

  it('is not performed when the request is dropped', async () => {
    harness.proxy.faults.onCommit = () => REQUEST_DROPPED;

    await expect(commit()).rejects.toMatchObject({ code: 'ECONNRESET' });

    await until(async () => (await harness.sessions()) === 0);
    expect(await harness.notes()).toEqual([]);
    expect(harness.proxy.counters).toMatchObject({ commits: 2, requestsDropped: 1, resets: 1 });
  });

  it('has been performed when the reply is dropped', async () => {
    harness.proxy.faults.onCommit = () => REPLY_DROPPED;

    await expect(commit()).rejects.toMatchObject({ code: 'ECONNRESET' });

    expect(await harness.notes()).toContain(1);
    await until(async () => (await harness.sessions()) === 0);
    expect(harness.proxy.counters).toMatchObject({ commits: 2, repliesDropped: 1, resets: 1 });
  });

  it('is performed long after the client has given up when the request is late', async () => {
    harness.proxy.faults.onCommit = () => ({ kind: 'request-late', afterMs: 300 });

    await expect(commit()).rejects.toMatchObject({ code: 'ECONNRESET' });

    expect(await harness.notes()).toEqual([]);
    expect(await harness.sessions()).toBe(1);
    await until(async () => (await harness.notes()).includes(1));
    await until(async () => (await harness.sessions()) === 0);
    expect(harness.proxy.counters).toMatchObject({ commits: 2, requestsLate: 1, resets: 1 });
  });
});

describe('silence', () => {
  it('after the request leaves both sides waiting, and the transaction open', async () => {
    harness.proxy.faults.onCommit = () => ({ kind: 'request-dropped', then: 'silence' });
    await begin(1);

    expect(await afterAWhile(client.query('commit'))).toBe('nothing');

    const OPEN = [{ state: 'idle in transaction' }];
    const states = `select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    expect(await harness.asServerSees(states)).toEqual(OPEN);
    // Nor does the server learn that the client has gone.
    await client.end();
    expect(await afterAWhile(until(async () => (await harness.sessions()) === 0))).toBe('nothing');
    expect(harness.proxy.counters).toMatchObject({ requestsDropped: 1, resets: 0 });
  });

  it('after the reply leaves the client waiting for what has been done', async () => {
    harness.proxy.faults.onCommit = () => ({ kind: 'reply-dropped', then: 'silence' });
    await begin(1);

    expect(await afterAWhile(client.query('commit'))).toBe('nothing');

    expect(await harness.notes()).toEqual([1]);
    expect(await harness.sessions()).toBe(1);
    expect(harness.proxy.counters).toMatchObject({ repliesDropped: 1, resets: 0 });
  });

  it('does not end when other faults do', async () => {
    harness.proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'silence' });
    await begin(1);
    const commit = client.query('commit');
    await until(() => harness.proxy.counters.repliesDropped === 1);

    await harness.proxy.heal();

    expect(await afterAWhile(commit)).toBe('nothing');
    commit.catch(() => undefined);
    await client.end();
    expect(await afterAWhile(until(async () => (await harness.sessions()) === 0))).toBe('nothing');
    client = await harness.connect();
    await begin(2);
    await client.query('commit');
    expect(await harness.notes()).toEqual([1, 2]);
  });
});

describe('a reply that is dropped', () => {
  it('is waited for, so that what was to be committed is', async () => {
    await harness.asServerSees(
      `create function slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.3); return null; end';
       create constraint trigger slow after insert on note initially deferred for each row execute function slowly()`,
    );
    harness.proxy.faults.onCommit = () => REPLY_DROPPED;
    await begin(1);

    await expect(client.query('commit')).rejects.toMatchObject({ code: 'ECONNRESET' });

    expect(await harness.notes()).toEqual([1]);
  });

  it.each(['simple', 'extended'])(
    'is not taken for one before it, when a client of the %s protocol does not wait for them',
    async (queryMode) => {
      const hurried = await harness.connect({ pipeline: true });
      harness.proxy.faults.onCommit = () => REPLY_DROPPED;

      const replies = await Promise.allSettled(
        [
          'select pg_sleep(0.1)',
          'begin',
          'insert into note values (1)',
          'select pg_sleep(0.1)',
          'commit',
        ].map((text) => hurried.query({ text, queryMode } as pg.QueryConfig)),
      );

      expect(replies.at(-1)?.status).toBe('rejected');
      expect(await harness.notes()).toEqual([1]);
    },
  );
});

describe('a request that is late', () => {
  it('brings along what was sent behind it', async () => {
    const hurried = await harness.connect({ pipeline: true });
    harness.proxy.faults.onCommit = nextCommits(1, { kind: 'request-late', afterMs: 100 });

    await Promise.allSettled(
      ['begin', 'insert into note values (1)', 'commit', 'insert into note values (2)'].map((sql) =>
        hurried.query(sql),
      ),
    );

    await until(async () => (await harness.notes()).length === 2);
  });

  it('never arrives when the proxy is closed before', async () => {
    harness.proxy.faults.onCommit = () => ({ kind: 'request-late', afterMs: 100 });
    await begin(1);
    await expect(client.query('commit')).rejects.toMatchObject({ code: 'ECONNRESET' });

    await harness.proxy.close();

    await sleep(300);
    expect(await harness.notes()).toEqual([]);
    expect(await harness.sessions()).toBe(0);
  });
});

describe('which COMMITs suffer', () => {
  /** Of six transactions, those that failed. */
  async function failures(): Promise<number[]> {
    const failed: number[] = [];
    for (let n = 1; n <= 6; n++) {
      await begin(n);
      await client.query('commit').catch(async () => {
        failed.push(n);
        client = await harness.connect();
      });
    }
    return failed;
  }

  it.each([
    { which: 'the next ones', onCommit: nextCommits(2, REQUEST_DROPPED), failed: [1, 2] },
    { which: 'each third', onCommit: everyCommit(3, REQUEST_DROPPED), failed: [3, 6] },
    {
      which: 'a share of them',
      onCommit: someCommits(
        0.5,
        REQUEST_DROPPED,
        (
          (dice) => () =>
            dice.pop() ?? 1
        )([0, 0.9, 0.5, 0.49, 0.1, 0.6]),
      ),
      failed: [2, 3, 6],
    },
  ])('may be $which', async ({ onCommit, failed }) => {
    harness.proxy.faults.onCommit = onCommit;

    expect(await failures()).toEqual(failed);

    expect(await harness.notes()).toEqual([1, 2, 3, 4, 5, 6].filter((n) => !failed.includes(n)));
    expect(harness.proxy.counters).toMatchObject({ commits: 6, requestsDropped: failed.length });
  });

  it('is not asked for what was sent behind one that broke the connection', async () => {
    const hurried = await harness.connect({ pipeline: true });
    harness.proxy.faults.onCommit = () => REQUEST_DROPPED;

    await Promise.allSettled(['commit', 'commit'].map((sql) => hurried.query(sql)));

    expect(harness.proxy.counters).toMatchObject({ commits: 1, requestsDropped: 1, resets: 1 });
  });

  it('is asked once for each, with the process that would get it, and for nothing else', async () => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const asked: (number | undefined)[] = [];
    harness.proxy.faults.onCommit = (backend) => {
      asked.push(backend);
      return undefined;
    };

    await begin(1);
    await client.query('rollback');
    await client.query(`select '; commit'`);
    await begin(2);
    await client.query('commit');

    expect(asked).toEqual([rows[0]!.pid]);
    expect(await harness.notes()).toEqual([2]);
  });
});
