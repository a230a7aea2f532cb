import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { readPoolStatistics } from '../connection/pool-statistics.ts';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({
    DB_POOL_MAX: '1',
    DB_TRANSACTION_TIMEOUT_MS: '2000',
    DB_IDLE_IN_TX_WARNING_MS: '100',
  });
});

afterAll(() => persistence.stop());

// The pool has one connection, and is whole after each of them.
afterEach(async () => {
  await persistence.as(globex, () => sql('select 1'));
  const { total, idle } = await readPoolStatistics(persistence.get(MikroORM));
  expect(total - idle).toBe(0);
});

type Options = Parameters<Persistence['unitOfWork']['run']>[1];
const sql = (text: string): Promise<unknown> => persistence.entityManager.execute(text);
const run = <Result>(work: () => Promise<Result>, options?: Options): Promise<Result> =>
  persistence.context.run(acme, () => persistence.unitOfWork.run(work, options));
const running = (): Promise<object[]> =>
  persistence.asOwner(
    `select query from pg_stat_activity where state = 'active' and query like '%pg_sleep(%' and pid <> pg_backend_pid()`,
  );
/** How long it took to be refused, and how. */
async function refusal(unit: Promise<unknown>): Promise<{ code: unknown; ms: number }> {
  const start = Date.now();
  const error: unknown = await unit.then(
    () => {
      throw new Error('It was not refused.');
    },
    (reason: unknown) => reason,
  );
  return { code: (error as { code?: unknown }).code, ms: Date.now() - start };
}

describe('a time limit of one unit of work', () => {
  it.each<[string, Options, () => Promise<unknown>]>([
    ['statement', { timeouts: { statementTimeoutMs: 100 } }, () => sql('select pg_sleep(5)')],
    [
      'transaction, while the database is at it',
      { timeouts: { transactionTimeoutMs: 100 } },
      () => sql('select pg_sleep(5)'),
    ],
    [
      'transaction, by many statements',
      { timeouts: { transactionTimeoutMs: 100 } },
      async () => {
        for (let n = 0; n < 100; n += 1) {
          await sql('select pg_sleep(0.02)');
        }
      },
    ],
    [
      'transaction, while it waits for something else',
      { timeouts: { transactionTimeoutMs: 100 } },
      () => sleep(5_000, undefined, { ref: false }),
    ],
    [
      'idle in transaction',
      { timeouts: { idleInTransactionTimeoutMs: 50 } },
      async () => {
        await sql('select 1');
        await sleep(150);
        await sql('select 1');
      },
    ],
  ])('for its %s ends it', async (_what, options, work) => {
    expect(await refusal(run(work, options))).toEqual({
      code: 'too-slow',
      ms: expect.any(Number) as number,
    });
    expect((await refusal(run(work, options))).ms).toBeLessThan(1_500);
    expect(await running()).toEqual([]);
  });

  it('is not that of the next one', async () => {
    await refusal(run(() => sql('select pg_sleep(5)'), { timeouts: { statementTimeoutMs: 50 } }));

    await run(() => sql('select pg_sleep(0.2)'));
  });

  it('holds for its lock', async () => {
    const other = await startPersistence();
    await other.stop();
    const limits = await run(() => sql(`select current_setting('lock_timeout') as lock`), {
      timeouts: { lockTimeoutMs: 123 },
    });

    expect(limits).toEqual([{ lock: '123ms' }]);
  });

  it('is told to the server too, where that has one for transactions, for when the program cannot', async () => {
    const [row] = (await run(
      () =>
        sql(
          `select current_setting('transaction_timeout', true) as own, current_setting('server_version_num')::int as version`,
        ),
      { timeouts: { transactionTimeoutMs: 1_000 } },
    )) as [{ own: string | null; version: number }];

    expect(row.own).toBe(row.version >= 170_000 ? '6s' : null);
  });
});

describe('the configured time limit of transactions', () => {
  it('holds for those that say nothing', async () => {
    const { code, ms } = await refusal(run(() => sql('select pg_sleep(10)')));

    expect(code).toBe('too-slow');
    expect(ms).toBeGreaterThan(1_900);
    expect(ms).toBeLessThan(4_000);
  });

  it('holds for what is read outside of units of work', async () => {
    const { ms } = await refusal(
      persistence.context.run(acme, () =>
        persistence.orm.driver
          .getConnection()
          .transactional((transaction) =>
            persistence.orm.driver
              .getConnection()
              .execute('select pg_sleep(10)', [], 'all', transaction),
          ),
      ),
    );

    expect(ms).toBeLessThan(4_000);
  });
});

describe('a signal', () => {
  const abortAfter = (ms: number): AbortSignal => AbortSignal.timeout(ms);

  it('cancels the query that is under way', async () => {
    const { code, ms } = await refusal(
      run(() => sql('select pg_sleep(5)'), { signal: abortAfter(50) }),
    );

    expect(code).toBe('cancelled');
    expect(ms).toBeLessThan(1_000);
    expect(await running()).toEqual([]);
  });

  it('of a scope does so for all of its units of work', async () => {
    const { code } = await refusal(
      persistence.context.run(
        acme,
        () => persistence.unitOfWork.run(() => sql('select pg_sleep(5)')),
        { signal: abortAfter(50) },
      ),
    );

    expect(code).toBe('cancelled');
    expect(await running()).toEqual([]);
  });

  it.each(['required', 'supports'] as const)(
    'keeps a unit of work (%s) from beginning',
    async (propagation) => {
      let reached = false;
      const { code } = await refusal(
        run(
          async () => {
            reached = true;
            await sql('select 1');
          },
          { signal: AbortSignal.abort(), propagation },
        ),
      );

      expect(code).toBe('cancelled');
      expect(reached).toBe(false);
    },
  );

  it('ends one that waits for something else', async () => {
    const { code, ms } = await refusal(
      run(() => sleep(5_000, undefined, { ref: false }), { signal: abortAfter(50) }),
    );

    expect(code).toBe('cancelled');
    expect(ms).toBeLessThan(1_000);
  });

  it('comes too late for one that is being stored', async () => {
    const controller = new AbortController();
    await persistence.asOwner(`
      create table shared.kept (n int); grant all on shared.kept to public;
      create function shared.take_time() returns trigger language plpgsql
        as 'begin perform pg_sleep(0.3); return null; end';
      create constraint trigger at_commit after insert on shared.kept deferrable initially deferred
        for each row execute function shared.take_time()`);
    await run(
      async () => {
        await sql('insert into kept values (1)');
        setTimeout(() => {
          controller.abort();
        }, 150);
      },
      { signal: controller.signal },
    );

    expect(controller.signal.aborted).toBe(true);

    expect(await persistence.asOwner('select n from shared.kept')).toEqual([{ n: 1 }]);
  });

  it('that is raised stops no statement of the next one on the same connection', async () => {
    for (let n = 0; n < 20; n += 1) {
      await refusal(run(() => sql('select pg_sleep(5)'), { signal: abortAfter(5) }));
      await run(() => sql('select pg_sleep(0.01)'));
    }
  });
});

describe('a transaction that waits for something that is not the database', () => {
  it('is a warning', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await run(async () => {
      await sql('select 1');
      await sleep(250);
    });

    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith({
      msg: 'a transaction waits for something that is not the database',
      waitedMs: 100,
      tenant: 'acme',
    });
    warn.mockRestore();
  });

  it('is none while the database is at it', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await run(async () => {
      await sql('select pg_sleep(0.15)');
      await sql('select 1');
    });

    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
