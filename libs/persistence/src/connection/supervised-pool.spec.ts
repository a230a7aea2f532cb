import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MikroORM } from '@mikro-orm/postgresql';
import { email, Member } from '@tenantry/domain';
import {
  acme,
  connectPersistence,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { readPoolStatistics } from './pool-statistics.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({
    DB_POOL_MAX: '2',
    DB_POOL_ACQUIRE_TIMEOUT_MS: '3000',
    DB_LEAK_WARNING_MS: '200',
  });
});

afterAll(() => persistence.stop());

const sql = (text: string): Promise<unknown> => persistence.entityManager.execute(text);
const statistics = () => readPoolStatistics(persistence.get(MikroORM));
const inUse = async (): Promise<number> => {
  const { total, idle } = await statistics();
  return total - idle;
};
const pidOf = async (): Promise<number> => {
  const [row] = (await sql('select pg_backend_pid() as pid')) as [{ pid: number }];
  return row.pid;
};
const kill = (pid: number): Promise<unknown> =>
  persistence.asOwner('select pg_terminate_backend(?, 1000)', [pid]);
const works = (tenant = globex): Promise<unknown> => persistence.as(tenant, () => sql('select 1'));

/** More often than there are connections: each one that is lost would be missed. */
async function fiveTimes(work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < 5; time += 1) {
    await work();
  }
}

describe('a connection that dies in a unit of work', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['killed while it does nothing', async () => kill(await pidOf())],
    [
      'killed while it does something',
      async () => {
        const pid = await pidOf();
        await Promise.all([sql('select pg_sleep(10)'), sleep(50).then(() => kill(pid))]);
      },
    ],
    [
      'ended by the server, since the transaction is idle',
      async () => {
        await sql(`set local idle_in_transaction_session_timeout = '50ms'`);
        await sleep(200);
        await sql('select 1');
      },
    ],
    [
      'ended by the server, since the transaction is too long',
      async () => {
        const [server] = (await sql(
          `select current_setting('transaction_timeout', true) as limit`,
        )) as [{ limit: string | null }];
        // Before version 17 there is no such limit.
        await (server.limit === null
          ? kill(await pidOf())
          : sql(`set local transaction_timeout = 0; set local transaction_timeout = '50ms'`));
        await sql('select pg_sleep(10)');
      },
    ],
  ])('%s makes the unit fail, and room for the next one', async (_how, die) => {
    await fiveTimes(async () => {
      const unit = persistence.as(acme, async () => {
        await die();
        await sql('select 1');
      });
      await expect(unit).rejects.toMatchObject({ kind: 'unavailable' });
    });

    expect(await inUse()).toBe(0);
    await works();
  });

  it('makes room at once, before its work has noticed', async () => {
    await persistence
      .as(acme, async () => {
        const pid = await pidOf();
        await persistence.as(globex, async () => {
          await kill(pid);
          await sleep(100);
          // One of the two is in use here, and the other one has gone.
          expect(await inUse()).toBe(1);
          await persistence.as(acme, () => sql('select 1'));
        });
      })
      .catch(() => undefined);

    expect(await inUse()).toBe(0);
  });

  it('while a stream is read ends the stream', async () => {
    await fiveTimes(async () => {
      const unit = persistence.as(acme, async () => {
        persistence.members.add(new Member({ email: email('ada@example.com'), name: 'ada' }));
        await persistence.entityManager.flush();
        const pid = await pidOf();
        for await (const member of persistence.entityManager.stream(Member)) {
          expect(member.name).toBe('ada');
          await kill(pid);
        }
      });
      await expect(unit).rejects.toThrow();
    });

    expect(await inUse()).toBe(0);
  });

  it('while it is idle in the pool is not given to anybody', async () => {
    let pid = 0;
    await persistence.as(acme, async () => {
      pid = await pidOf();
    });
    await kill(pid);
    await sleep(50);

    await works();
  });
});

describe('a connection that is given back', () => {
  it('in a transaction is cut', async () => {
    const pool = await persistence.orm.driver.getConnection().getNativeClient();
    await persistence.context.run(acme, async () => {
      const client = await pool.connect();
      await client.query('begin');
      client.release();
    });
    await sleep(50);

    expect(await persistence.asOwner(OPEN_TRANSACTIONS)).toEqual([]);
    expect(await inUse()).toBe(0);
  });
});

describe('a connection that is not given back', () => {
  it('is reported with where it was taken, and whose it is', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await persistence.context.run(acme, async () => {
      await persistence.entityManager.begin();
      await sleep(400);
      await persistence.entityManager.rollback();
    });

    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({
        msg: expect.stringContaining('held for long') as string,
        tenant: 'acme',
        taken: expect.arrayContaining([
          expect.stringContaining('supervised-pool.spec.ts'),
        ]) as string[],
      }),
    );
    warn.mockRestore();
  });

  it('is reported with where it was taken from the second on, where there are plenty', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const { config } = persistence;
    const plenty = await connectPersistence({
      ...config,
      database: { ...config.database, poolMax: 10 },
    });
    const hold = (): Promise<unknown> => plenty.as(acme, () => sleep(300));
    await hold();
    await hold();
    await plenty.stop();

    expect(warn.mock.calls.map(([line]) => line as unknown)).toMatchObject([
      { taken: 'recorded from now on' },
      { taken: expect.arrayContaining([expect.stringContaining('.spec.ts')]) as string[] },
    ]);
    warn.mockRestore();
  });

  it('does not keep the pool from being closed', async () => {
    // Nothing else ends it.
    const never = { transactionTimeoutMs: 600_000, idleInTransactionTimeoutMs: 600_000 };
    const other = await connectPersistence({
      ...persistence.config,
      database: { ...persistence.config.database, ...never },
    });
    const begin = Date.now();
    await other.context.run(acme, async () => {
      await other.entityManager.begin();
      await other.stop();
    });

    expect(Date.now() - begin).toBeLessThan(8_000);
    expect(await persistence.asOwner(OPEN_TRANSACTIONS)).toEqual([]);
  });

  it('is given back by its time limit, whoever has forgotten it', async () => {
    const other = await connectPersistence({
      ...persistence.config,
      database: { ...persistence.config.database, transactionTimeoutMs: 100, poolMax: 1 },
    });
    await other.context.run(acme, () => other.entityManager.begin());

    await other.as(globex, () => other.members.page({ limit: 1 }));
    await other.stop();
  });
});

describe('a unit of work that wants a second connection', () => {
  const nested = (): Promise<unknown> =>
    persistence.as(acme, async () => {
      await sql('select 1');
      await persistence.unitOfWork.run(() => sleep(20), { propagation: 'requires_new' });
    });

  it('gets one when there is one', async () => {
    await nested();
  });

  it('waits when somebody will give one back', async () => {
    await Promise.all([nested(), works(), works(), works()]);
  });

  it('gives up at once when all who have one want another, so that the others can go on', async () => {
    const start = Date.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, nested));

    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(10);
    for (const { reason } of failed) {
      expect(reason).toMatchObject({ kind: 'unavailable', code: 'pool-exhausted' });
    }
    // Well below the time that one may be waited for.
    expect(Date.now() - start).toBeLessThan(2_000);
    expect(await inUse()).toBe(0);
  });

  it('in another tenant’s scope does so too', async () => {
    const start = Date.now();
    const across = (): Promise<unknown> =>
      persistence.as(acme, async () => {
        await sql('select 1');
        await persistence.as(globex, () => sql('select 1'));
      });
    await Promise.allSettled(Array.from({ length: 6 }, across));

    expect(Date.now() - start).toBeLessThan(2_000);
    expect(await inUse()).toBe(0);
  });
});

const OPEN_TRANSACTIONS = `select pid from pg_stat_activity
  where datname = current_database() and state like 'idle in transaction%'`;
