import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { connectHealth, type Health, startHealth, until } from '../testing/health-harness.ts';
import { DEADLINE_MS, FRESH_FOR_MS } from './limits.ts';
import { ServerCheck } from './server-check.ts';

let health: Health;

beforeEach(async () => {
  health = await startHealth({ DB_POOL_MAX: '2' });
});

afterEach(() => health.stop());

const reason = (): string | null => health.readiness.state.reason;
const isReady = async (): Promise<boolean> => {
  await sleep(FRESH_FOR_MS + 50);
  return health.readiness.isReady();
};
/** All connections of the pool, in somebody's hands. */
async function exhaust(): Promise<() => void> {
  const pool = await health.orm.driver.getConnection().getNativeClient();
  const taken = await Promise.all([pool.connect(), pool.connect()]);
  return () => {
    for (const client of taken) {
      client.release();
    }
  };
}

describe('a process whose build has been migrated for', () => {
  it('is not ready before it has looked, and is from then on', async () => {
    expect(health.readiness.state).toMatchObject({ state: 'starting', checkedAt: null });

    expect(await health.readiness.isReady()).toBe(true);

    expect(health.readiness.state).toMatchObject({ state: 'ready', reason: null });
  });

  it('asks the database once for many who ask, and no more than once a second', async () => {
    const server = health.module.get(ServerCheck);
    const mustBeServable = server.mustBeServable.bind(server);
    let checks = 0;
    server.mustBeServable = (deadlineMs) => {
      checks += 1;
      return mustBeServable(deadlineMs);
    };
    const end = Date.now() + 3_000;
    let asked = 0;
    while (Date.now() < end) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => health.readiness.isReady()),
      );
      expect(new Set(answers)).toEqual(new Set([true]));
      asked += answers.length;
      await sleep(50);
    }

    expect(asked).toBeGreaterThan(3_000);
    expect(checks).toBeLessThanOrEqual(3);
  });

  it('is not ready when it drains, whatever the database says', async () => {
    expect(await health.readiness.isReady()).toBe(true);

    health.readiness.drain();

    expect(await health.readiness.isReady()).toBe(false);
    expect(await isReady()).toBe(false);
    expect(health.readiness.state.state).toBe('draining');
  });

  it('leaves no session behind at its end', async () => {
    await health.readiness.isReady();
    expect(await health.probes()).toEqual([{ name: 'tenantry probe: readiness', state: 'idle' }]);

    await health.module.close();

    await until(async () => (await health.probes()).length === 0);
  });
});

describe('a process whose database is not for it', () => {
  it.each([
    [
      'lacks a migration of the catalog',
      `delete from catalog.migration where target = 'catalog' and name = (select max(name) from catalog.migration where target = 'catalog')`,
      /^catalog lacks migrations: \d+/,
    ],
    [
      'lacks one of the shared placement',
      `delete from catalog.migration where target = 'shared'`,
      /^shared lacks migrations/,
    ],
    [
      'has been contracted',
      `insert into catalog.migration (target, name, kind) values ('shared', '99-newer', 'contract')`,
      /^shared is ahead of what this build can serve: 99-newer$/,
    ],
    [
      'has been made read-only',
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
      /^the server is read-only$/,
    ],
    ['has no catalog', 'drop schema catalog cascade', /^the database has not been migrated/],
  ])('is not ready at once: it %s', async (_what, sql, expected) => {
    expect(await health.readiness.isReady()).toBe(true);

    await health.administer(sql);

    expect(await isReady()).toBe(false);
    expect(reason()).toMatch(expected);
  });

  it('is ready where a newer build has added something, or only a dedicated placement lags behind', async () => {
    await health.administer(
      `insert into catalog.migration (target, name) values ('shared', '99990101000000-newer');
       insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_lagging')`,
    );

    expect(await health.readiness.isReady()).toBe(true);
  });

  it('is not ready with a login that has rights of its own, or lacks some', async () => {
    const login = `tenantry_health_${process.pid}`;
    await health.administer(
      `create role ${login} login inherit password 'secret' in role tenantry_reader`,
    );
    await health.administer(
      `do $$ begin execute format('grant connect on database %I to ${login}', current_database()); end $$`,
    );
    const url = new URL(health.config.database.url);
    url.username = login;
    url.password = 'secret';
    const { config } = health;
    const other = await connectHealth({
      ...config,
      database: { ...config.database, url: url.href },
    });

    expect(await other.readiness.isReady()).toBe(false);

    expect(other.readiness.state.reason).toMatch(
      /^the login inherits the rights of its roles; the login cannot become tenantry_shared, /,
    );
    await other.stop();
    await health.administer(
      `do $$ begin execute format('revoke connect on database %I from ${login}', current_database()); end $$;
       drop role ${login}`,
    );
  });
});

describe('a pool that is full', () => {
  it('makes it not ready the second time, with the reason, and leaves nothing waiting', async () => {
    expect(await health.readiness.isReady()).toBe(true);
    const giveBack = await exhaust();
    const start = Date.now();

    expect(await isReady()).toBe(true);
    expect(reason()).toMatch(/no connection .* in use/i);
    expect(Date.now() - start).toBeLessThan(FRESH_FOR_MS + DEADLINE_MS + 300);
    // It is looked at again without anybody asking.
    await until(async () => health.readiness.state.state === 'not-ready', 5_000);

    expect(reason()).toMatch(/no connection .* in use/i);
    giveBack();
    expect(await isReady()).toBe(true);
    await until(async () => (await health.pool()).idle === 2);
    expect(await health.pool()).toEqual({ max: 2, total: 2, idle: 2, waiting: 0 });
  }, 20_000);
});

describe('a change of state', () => {
  it('is in the log once, with the reason', async () => {
    const lines: unknown[] = [];
    const record = (line: unknown): number => lines.push(line);
    Logger.overrideLogger({ log: record, warn: record, error: record });

    await health.readiness.isReady();
    await isReady();
    await health.administer(`delete from catalog.migration where target = 'shared'`);
    await isReady();
    await isReady();
    Logger.overrideLogger(false);

    expect(lines).toEqual([
      'ready',
      { msg: 'not ready', reason: expect.stringContaining('shared lacks migrations') as string },
    ]);
  }, 20_000);
});
