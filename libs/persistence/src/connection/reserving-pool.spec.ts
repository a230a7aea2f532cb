import { setTimeout as sleep } from 'node:timers/promises';
import {
  acme,
  connectPersistence,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({
    DB_POOL_MAX: '1',
    DB_POOL_RESERVED: '1',
    DB_POOL_ACQUIRE_TIMEOUT_MS: '300',
  });
});

afterAll(() => persistence.stop());

const one = (): Promise<unknown> => persistence.entityManager.execute('select 1');
const asOperator = (): Promise<unknown> => persistence.context.runAsOperator('a test', one);
/** While a tenant has the one connection that there is. */
async function whileFull(work: () => Promise<void>): Promise<void> {
  const holds = Promise.withResolvers<undefined>();
  const end = Promise.withResolvers<undefined>();
  const unit = persistence.as(acme, async () => {
    await one();
    holds.resolve(undefined);
    await end.promise;
  });
  await holds.promise;
  try {
    await work();
  } finally {
    end.resolve(undefined);
    await unit;
  }
}

describe('a pool that is full', () => {
  it('has no connection for another tenant', async () => {
    await whileFull(async () => {
      await expect(persistence.as(globex, one)).rejects.toMatchObject({ code: 'pool-exhausted' });
    });
  });

  it('has one for an operator, again and again', async () => {
    await whileFull(async () => {
      await asOperator();
      await asOperator();
    });
  });

  it('has no more for operators than are reserved', async () => {
    await whileFull(async () => {
      const many = await Promise.allSettled([
        persistence.context.runAsOperator('a test', () =>
          persistence.entityManager.execute('select pg_sleep(0.6)'),
        ),
        sleep(100).then(asOperator),
      ]);

      expect(many.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    });
  });
});

describe('a connection that has been used as often as it may be', () => {
  it('is replaced', async () => {
    const other = await connectPersistence({
      ...persistence.config,
      database: { ...persistence.config.database, poolMaxUses: 3 },
    });
    const pids: unknown[] = [];
    for (let time = 0; time < 6; time += 1) {
      pids.push(
        await other.as(acme, () => other.entityManager.execute('select pg_backend_pid() as pid')),
      );
    }
    await other.stop();

    expect(new Set(pids.map((pid) => JSON.stringify(pid))).size).toBe(2);
  });
});
