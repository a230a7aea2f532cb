import { setTimeout as sleep } from 'node:timers/promises';
import { email, Member } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { RetryBudget } from './retry-budget.ts';
import { EntityOfAnotherUnitOfWork } from './transaction-errors.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({ DB_LOCK_TIMEOUT_MS: '100' });
  await persistence.asOwner(
    `create table shared.account (id int primary key, balance int not null);
     grant select, insert, update on shared.account to public`,
  );
});

beforeEach(async () => {
  // What one of them has spent is not missed by the next one.
  for (let n = 0; n < 1_000; n += 1) {
    persistence.get(RetryBudget).deposit();
  }
  await persistence.asOwner(
    `truncate shared.account, shared.member cascade;
     insert into shared.account values (1, 0), (2, 0)`,
  );
});

afterAll(() => persistence.stop());

type Options = Parameters<Persistence['unitOfWork']['run']>[1];
const sql = (text: string): Promise<unknown> => persistence.entityManager.execute(text);
const run = <Result>(work: () => Promise<Result>, options?: Options): Promise<Result> =>
  persistence.context.run(acme, () => persistence.unitOfWork.run(work, options));
const join = (name: string): void => {
  persistence.members.add(new Member({ email: email(`${name}@example.com`), name }));
};
const balances = (): Promise<unknown> =>
  persistence.asOwner('select balance from shared.account order by id');
const names = (): Promise<unknown> =>
  persistence.asOwner('select name from shared.member order by name');
const fail = (state: string): Promise<unknown> =>
  sql(`do $$ begin raise exception 'made up' using errcode = '${state}'; end $$`);
const kill = async (): Promise<unknown> => {
  const [row] = (await sql('select pg_backend_pid() as pid')) as [{ pid: number }];
  return persistence.asOwner('select pg_terminate_backend(?, 1000)', [row.pid]);
};

/** Fails in the given way in its first attempts, and counts them. */
function failing(times: number, how: () => Promise<unknown>) {
  const count = { attempts: 0 };
  return {
    count,
    work: async (): Promise<number> => {
      count.attempts += 1;
      join(`attempt-${count.attempts}`);
      await persistence.entityManager.flush();
      if (count.attempts <= times) {
        await how();
      }
      return count.attempts;
    },
  };
}

describe('a unit of work that has lost a race', () => {
  it('for a row that it has read before is done again, until nothing is lost', async () => {
    const increment = (): Promise<void> =>
      run(
        async () => {
          const [row] = (await sql('select balance from account where id = 1')) as [
            { balance: number },
          ];
          await sleep(5);
          await sql(`update account set balance = ${row.balance + 1} where id = 1`);
        },
        { isolationLevel: 'serializable', retry: { attempts: 50 } },
      );
    await Promise.all(Array.from({ length: 8 }, increment));

    expect(await balances()).toEqual([{ balance: 8 }, { balance: 0 }]);
  });

  it('for locks that others want in another order is done again', async () => {
    let attempts = 0;
    const both = (first: number, second: number) => (): Promise<void> =>
      run(
        async () => {
          attempts += 1;
          await sql(`update account set balance = balance + 1 where id = ${first}`);
          await sleep(50);
          await sql(`update account set balance = balance + 1 where id = ${second}`);
        },
        // Longer than the server takes to notice.
        { timeouts: { lockTimeoutMs: 10_000 } },
      );
    await Promise.all([both(1, 2)(), both(2, 1)()]);

    expect(attempts).toBeGreaterThan(2);
    expect(await balances()).toEqual([{ balance: 2 }, { balance: 2 }]);
  });

  it.each([
    ['40001', 3, 4],
    ['40P01', 3, 4],
    // Whoever has waited for a lock has waited for long already.
    ['55P03', 1, 2],
  ])(
    'as %s %i times is stored by a later attempt, and only that',
    async (state, times, attempt) => {
      const { work } = failing(times, () => fail(state));

      expect(await run(work)).toBe(attempt);
      expect(await names()).toEqual([{ name: `attempt-${attempt}` }]);
    },
  );

  it.each([
    ['40001', 5, 'contention'],
    ['55P03', 2, 'locked'],
  ])('as %s again and again is given up after %i attempts', async (state, attempts, code) => {
    const { work, count } = failing(100, () => fail(state));

    await expect(run(work)).rejects.toMatchObject({ kind: 'unavailable', code });
    expect(count.attempts).toBe(attempts);
    expect(await names()).toEqual([]);
  });

  it('is not done again when it is told not to be', async () => {
    const { work, count } = failing(1, () => fail('40001'));

    await expect(run(work, { retry: { attempts: 1 } })).rejects.toThrow();
    expect(count.attempts).toBe(1);
  });

  it('is not done again after its deadline', async () => {
    const { work, count } = failing(100, async () => {
      await sleep(60);
      await fail('40001');
    });

    await expect(run(work, { retry: { attempts: 100, deadlineMs: 100 } })).rejects.toThrow();
    expect(count.attempts).toBeLessThan(5);
  });

  it('inside of another one is not done again on its own, but with the whole', async () => {
    let outer = 0;
    const { work, count } = failing(1, () => fail('40001'));
    await run(async () => {
      outer += 1;
      return persistence.unitOfWork.run(work);
    });

    expect(outer).toBe(2);
    expect(count.attempts).toBe(2);
  });
});

describe('something that has to be unique, and is there', () => {
  const taken = (): Promise<unknown> => fail('23505');

  it('is no reason to do it again', async () => {
    const { work, count } = failing(1, taken);

    await expect(run(work)).rejects.toMatchObject({ code: 'already-exists' });
    expect(count.attempts).toBe(1);
  });

  it('is one when the caller has said so', async () => {
    expect(await run(failing(1, taken).work, { retry: { onUniqueViolation: true } })).toBe(2);
  });
});

describe('a connection that is lost before COMMIT', () => {
  it('is no reason to do the work again, which may have done something outside', async () => {
    const { work, count } = failing(1, kill);

    await expect(run(work)).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(count.attempts).toBe(1);
    expect(await names()).toEqual([]);
  });

  it('is one when it is said to be replayable', async () => {
    expect(await run(failing(1, kill).work, { replayable: true })).toBe(2);
    expect(await names()).toEqual([{ name: 'attempt-2' }]);
  });

  it('while nothing is done yet is always one', async () => {
    // All connections of the pool die while nobody looks.
    await Promise.all(Array.from({ length: 5 }, () => run(() => sql('select pg_sleep(0.05)'))));
    const pool = await persistence.orm.driver.getConnection().getNativeClient();
    const connect = pool.connect.bind(pool);
    let failures = 2;
    pool.connect = (async () => {
      if (failures > 0) {
        failures -= 1;
        throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      }
      return connect();
    }) as never;
    const { work, count } = failing(0, kill);

    expect(await run(work)).toBe(1);
    expect(count.attempts).toBe(1);
    pool.connect = connect;
  });
});

describe('an error of the work’s own', () => {
  it('is no reason to do it again', async () => {
    const { work, count } = failing(1, () => Promise.reject(new RangeError('mine')));

    await expect(run(work)).rejects.toThrow(RangeError);
    expect(count.attempts).toBe(1);
  });
});

describe('the attempt after one that has failed', () => {
  it('knows nothing of what that one has read, added or wanted to be done', async () => {
    const hooks: string[] = [];
    await persistence.as(acme, async () => {
      join('ada');
    });
    const seen: Member[] = [];
    let attempts = 0;
    await run(async () => {
      attempts += 1;
      const [ada] = (await persistence.members.page({ limit: 1 })).items;
      seen.push(ada!);
      expect(ada!.name).toBe('ada');
      ada!.rename(`ada of attempt ${attempts}`);
      persistence.unitOfWork.afterCommit(() => hooks.push(`committed ${attempts}`));
      persistence.unitOfWork.afterRollback(() => hooks.push(`rolled back ${attempts}`));
      await persistence.entityManager.flush();
      if (attempts < 3) {
        await fail('40001');
      }
    });

    expect(new Set(seen).size).toBe(3);
    expect(hooks).toEqual(['rolled back 1', 'rolled back 2', 'committed 3']);
    expect(await names()).toEqual([{ name: 'ada of attempt 3' }]);
  });

  it('does not store what was made outside of it as if it were there already', async () => {
    const member = new Member({ email: email('bob@example.com'), name: 'bob' });
    let attempts = 0;
    const unit = run(async () => {
      attempts += 1;
      persistence.members.add(member);
      await persistence.entityManager.flush();
      await fail('40001');
    });

    await expect(unit).rejects.toThrow(EntityOfAnotherUnitOfWork);
    expect(attempts).toBe(2);
    expect(await names()).toEqual([]);
  });
});

describe('the budget for trying again', () => {
  it('lets a process try again for a while, and then one time in ten', () => {
    const budget = new RetryBudget();
    const granted = (): number => {
      let count = 0;
      for (let n = 0; n < 1_000; n += 1) {
        budget.deposit();
        count += Number(budget.withdraw());
      }
      return count;
    };

    expect(granted()).toBeCloseTo(120, -1);
    expect(granted()).toBeCloseTo(100, -1);
  });

  it('is one for all units of work of a process', async () => {
    const other = await startPersistence();
    let attempts = 0;
    const storm = Array.from({ length: 100 }, () =>
      other.context.run(globex, () =>
        other.unitOfWork.run(async () => {
          attempts += 1;
          await other.entityManager.execute(
            `do $$ begin raise exception 'made up' using errcode = '40001'; end $$`,
          );
        }),
      ),
    );
    await Promise.allSettled(storm);

    // 20 at first, and one for ten units; without it there would be five for each.
    expect(attempts).toBeGreaterThan(100);
    expect(attempts).toBeLessThanOrEqual(130);
    await other.stop();
  });
});
