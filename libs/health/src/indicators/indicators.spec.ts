import { setTimeout as sleep } from 'node:timers/promises';
import { IsolationCheck, Probe } from '@tenantry/persistence';
import type pg from 'pg';
import { type Health, session, startHealth } from '../testing/health-harness.ts';
import { IsolationIndicator } from './isolation.indicator.ts';
import { TransactionsIndicator } from './transactions.indicator.ts';

let health: Health;
const sessions: pg.Client[] = [];

beforeAll(async () => {
  health = await startHealth({ DB_POOL_MAX: '4' });
});

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((client) => client.end()));
});

afterAll(() => health.stop());

/** Somebody else, in a transaction. */
async function other(...statements: readonly string[]): Promise<pg.Client> {
  const client = await session(health.config.ownerUrl);
  sessions.push(client);
  await client.query('begin');
  for (const statement of statements) {
    await client.query(statement);
  }
  return client;
}

describe('what is observed', () => {
  it('is known of all but what takes two samples, or an extension', async () => {
    const observed = Object.values(await health.observe());
    const notKnown = observed.filter(({ observedValue }) => observedValue === null);

    expect(notKnown.map(({ name }) => name)).toEqual([
      'transactions-per-second',
      'deadlocks',
      'temp-files',
      'top-statements',
      'wal-rate',
    ]);
    expect(notKnown.every(({ status, advice }) => status === 'warn' && advice !== undefined)).toBe(
      true,
    );
    expect(observed.length).toBeGreaterThan(35);
    // What is wrong comes with what to do about it.
    expect(observed.filter(({ status, advice }) => status !== 'pass' && !advice)).toEqual([]);
  });

  it('is more with the second sample', async () => {
    await health.observe();
    await sleep(100);

    const observed = await health.observe();

    expect(observed).toMatchObject({
      'transactions-per-second': { status: 'pass', observedUnit: '1/s' },
      deadlocks: { status: 'pass', observedValue: 0 },
      'temp-files': { status: 'pass' },
      'wal-rate': { status: 'pass' },
    });
  });

  it('has the server, the connections and the pool', async () => {
    expect(await health.observe()).toMatchObject({
      version: { observedValue: expect.stringMatching(/^1\d\./) as string },
      'round-trip': { status: 'pass', observedUnit: 'ms', threshold: { warn: 50, fail: 1_000 } },
      uptime: { observedUnit: 's' },
      connections: {
        observedUnit: '%',
        detail: { max: 197, byState: { active: expect.any(Number) as number } },
      },
      'pool-in-use': { observedValue: 0, detail: { max: 4, waiting: 0 } },
      'database-size': { observedUnit: 'B' },
      placements: { observedValue: 1, detail: { largest: [{ schema: 'shared' }] } },
      'transaction-id-age': { status: 'pass' },
      'replication-lag': { status: 'pass', observedValue: 0 },
      archiving: { status: 'pass', observedValue: 'off' },
    });
  });

  it('has the settings of the server that matter, as a session begins with them', async () => {
    const observed = await health.observe();

    // What the specs' server has is no server's for production.
    expect(observed['fsync']).toMatchObject({ status: 'fail', observedValue: 'off' });
    expect(observed['synchronous_commit']).toMatchObject({ status: 'fail' });
    expect(observed['autovacuum']).toMatchObject({ status: 'pass', threshold: 'on' });
    // Within a scope it is set; the server's is not.
    expect(observed['idle_in_transaction_session_timeout']).toMatchObject({
      status: 'warn',
      observedValue: '0',
      threshold: 'more than 0',
    });
  });
});

describe('a transaction of somebody else', () => {
  it('that does nothing is seen, with its age', async () => {
    await other('select 1');
    await sleep(1_100);

    const observed = await health.observe();

    expect(observed['oldest-transaction']?.observedValue).toBeGreaterThan(1);
    expect(observed['idle-in-transaction']).toMatchObject({ detail: { sessions: 1 } });
    expect(observed['idle-in-transaction']?.observedValue).toBeGreaterThan(1);
  });

  it('that blocks another one is seen, as who blocks', async () => {
    const blocker = await other('select pg_advisory_xact_lock(42)');
    const blocked = await other();
    const waits = blocked.query('select pg_advisory_xact_lock(42)');
    await sleep(200);

    const observed = await health.observe();

    const { rows } = await blocker.query<{ pid: number }>('select pg_backend_pid() as pid');
    expect(observed['longest-lock-wait']).toMatchObject({
      detail: { blocked: 1, blocking: [{ pid: rows[0]?.pid, state: 'idle in transaction' }] },
    });
    await blocker.query('rollback');
    await waits;
  });
});

describe('migrations', () => {
  it('that a placement lacks are a warning, and no reason for readiness', async () => {
    await health.administer(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_lagging')`,
    );
    await health.administer(
      `insert into catalog.migration_failure (target, run_id, sql_state, attempts) values ('t_lagging', gen_random_uuid(), '55P03', 3)`,
    );

    const observed = await health.observe();

    expect(observed).toMatchObject({
      'catalog-version': { status: 'pass', detail: { pending: [] } },
      'shared-version': { status: 'pass' },
      fleet: {
        status: 'warn',
        observedValue: [
          { version: expect.any(String) as string, count: 1 },
          { version: null, count: 1 },
        ],
        detail: { pending: 1, ahead: 0 },
      },
      'placements-out-of-range': { status: 'warn', detail: [{ schema: 't_lagging' }] },
      quarantined: {
        status: 'warn',
        detail: [{ schema: 't_lagging', attempts: 3, sqlState: '55P03' }],
      },
      'changed-migrations': { status: 'pass' },
    });
    expect(await health.readiness.isReady()).toBe(true);
    await health.administer(
      `delete from catalog.placement where schema_name = 't_lagging'; delete from catalog.migration_failure`,
    );
  });

  it('of a newer build are shown: fine where they add, a failure where they take away', async () => {
    await health.administer(
      `insert into catalog.migration (target, name) values ('shared', '99-newer')`,
    );
    expect(await health.observe()).toMatchObject({
      'shared-version': { status: 'pass', detail: { ahead: ['99-newer'] } },
      fleet: { detail: { ahead: 1 } },
    });

    await health.administer(
      `update catalog.migration set kind = 'contract' where name = '99-newer'`,
    );

    expect(await health.observe()).toMatchObject({
      'shared-version': {
        status: 'fail',
        detail: { contracted: ['99-newer'] },
        advice: expect.stringContaining('roll out') as string,
      },
    });
    await health.administer(`delete from catalog.migration where name = '99-newer'`);
  });

  it('that were changed since they were applied are a failure', async () => {
    const changed = (checksum: string): Promise<unknown> =>
      health.administer(
        `update catalog.migration set checksum = ${checksum} where target = 'shared' and name like '%initial'`,
      );
    await changed(`reverse(checksum)`);

    expect(await health.observe()).toMatchObject({
      'changed-migrations': {
        status: 'fail',
        detail: [{ target: 'shared', names: [expect.stringContaining('initial') as string] }],
      },
    });
    await changed(`reverse(checksum)`);
  });
});

describe('the catalog', () => {
  it('shows seeds that are outdated, operations that failed or wait, and events that are parked', async () => {
    await health.administer(
      `insert into catalog.seed (target, seeder, version, checksum, items) values
         ('a', 'inbox', 1, 'x', '{}'), ('b', 'inbox', 2, 'x', '{}'), ('c', 'other', 1, 'x', '{}');
       insert into catalog.tenant (id, created_at, updated_at, slug, name, status, plan, features, configuration)
         select gen_random_uuid(), now(), now(), s, s, 'provisioning', 'free', '{}', '{}' from unnest(array['one', 'two']) s;
       insert into catalog.tenant_operation (id, created_at, updated_at, tenant_id, kind, step, status, report)
         select gen_random_uuid(), now() - interval '1 hour', now(), id, 'provision', 'role', case slug when 'one' then 'failed' else 'pending' end, '{}'
         from catalog.tenant;
       insert into catalog.tenant (id, created_at, updated_at, slug, name, status, plan, features, configuration, placement_id)
         select gen_random_uuid(), now(), now(), 'three', 'three', 'active', 'free', '{}', '{}', id from catalog.placement;
       insert into shared.outbox_event (tenant_id, id, name, aggregate_id, data, occurred_at, parked_at)
         select id, gen_random_uuid(), 'task-added', gen_random_uuid(), '{}', now(), now()
         from catalog.tenant where slug = 'three'`,
    );

    expect(await health.observe()).toMatchObject({
      'parked-events': { status: 'warn', observedValue: 1 },
      'outdated-seeds': { status: 'warn', observedValue: 1 },
      'failed-operations': { status: 'warn', observedValue: 1 },
      'oldest-operation': { status: 'warn', detail: { pending: 1 } },
    });
  });
});

describe('isolation', () => {
  it('is inspected again, and a leak is a failure with what to do', async () => {
    expect((await health.observe())['isolation']).toMatchObject({ observedValue: { leaks: 0 } });
    await health.administer('alter table shared.member no force row level security');

    expect(await health.observe()).toMatchObject({
      isolation: {
        status: 'fail',
        observedValue: { leaks: 1 },
        detail: [expect.stringContaining('shared.member') as string],
      },
    });
    await health.administer('alter table shared.member force row level security');
  });
});

describe('isolation that has been inspected at the start', () => {
  it('is not inspected again the first time, and is from then on', async () => {
    const strictness = { production: false, allowOldServer: true };
    const check = health.module.get(IsolationCheck);
    await check.atStart(strictness);
    const indicator = new IsolationIndicator(strictness, check);
    const probe = new Probe(health.config.database.url, 'spec', 'operator');
    await health.administer('alter table shared.member no force row level security');

    const look = () => indicator.observe(probe.within(10_000));

    expect(await look()).toMatchObject([{ observedValue: { leaks: 0 } }]);
    expect(await look()).toMatchObject([{ observedValue: { leaks: 1 } }]);
    await health.administer('alter table shared.member force row level security');
    probe.close();
  });
});

describe('sessions that cannot be seen', () => {
  it('make it a warning that nothing was seen, with what to grant', async () => {
    await other('select 1');
    const blind = new Probe(health.config.database.url, 'spec', 'reader');

    const readings = await new TransactionsIndicator().observe(blind.within(2_000));

    expect(readings).toMatchObject([
      {
        name: 'oldest-transaction',
        status: 'warn',
        output: expect.stringMatching(/^\d+ of other roles cannot be seen$/) as string,
        advice: expect.stringContaining('grant pg_read_all_stats') as string,
      },
      { name: 'idle-in-transaction', status: 'warn' },
    ]);
    blind.close();
  });
});
