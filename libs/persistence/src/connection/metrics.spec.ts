import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveredEvent } from '@tenantry/application';
import { email, Member, newId, Project, projectKey } from '@tenantry/domain';
import { type FaultProxy, nextCommits, startFaultProxy } from '@tenantry/fault-proxy';
import { readMigratorConfig } from '@tenantry/platform';
import { TenantDirectory } from '../catalog/tenant-directory.ts';
import { MOST_ATTEMPTS, Outbox } from '../outbox/outbox.ts';
import { OutboxRelay } from '../outbox/outbox-relay.ts';
import { Outboxes } from '../outbox/outboxes.ts';
import { changeOf, metrics } from '../testing/metrics.ts';
import {
  acme,
  connectPersistence,
  globex,
  type Persistence,
  registerTenants,
  startPersistence,
} from '../testing/persistence-harness.ts';

let direct: Persistence;
let proxy: FaultProxy;
let persistence: Awaited<ReturnType<typeof connectPersistence>>;

beforeAll(async () => {
  direct = await startPersistence();
  await registerTenants(direct);
  const { ownerUrl: MIGRATOR_DATABASE_URL, database } = direct.config;
  const { hostname: host, port } = new URL(database.url);
  proxy = await startFaultProxy({ host, port: Number(port) });
  persistence = await connectPersistence(
    readMigratorConfig({
      ...proxy.address({ DATABASE_URL: database.url, MIGRATOR_DATABASE_URL }),
      DB_POOL_MAX: '2',
      DB_POOL_ACQUIRE_TIMEOUT_MS: '300',
      DB_COMMIT_TIMEOUT_MS: '300',
      DB_LEAK_WARNING_MS: '200',
    }),
  );
});

afterEach(() => proxy.heal());

afterAll(async () => {
  await persistence.stop();
  await proxy.close();
  await direct.stop();
});

const sql = (text: string): Promise<unknown> => persistence.entityManager.execute(text);
const unit = (work: () => Promise<unknown>, tenant = acme): Promise<unknown> =>
  persistence.as(tenant, work);
const join = (name: string) => async (): Promise<void> => {
  persistence.members.add(new Member({ email: email(`${name}@example.com`), name }));
};
const operations = (name: string, error = ''): string =>
  `db_client_operation_duration_seconds_count{db_operation_name="${name}",error_type="${error}"}`;
const units = (outcome: string): string => `tenantry_units_of_work_total{outcome="${outcome}"}`;
const attempts = (outcome: string): string =>
  `tenantry_unit_of_work_attempt_duration_seconds_count{outcome="${outcome}"}`;
const fate = (of: string): string => `tenantry_interrupted_commits_total{fate="${of}"}`;
const refused = (violation: string): string =>
  `tenantry_isolation_refusals_total{violation="${violation}"}`;

describe('statements', () => {
  it('are counted by their first word, with what ends their transaction', async () => {
    const change = await changeOf(() => unit(join('ada')));

    expect(change).toMatchObject({
      [operations('INSERT')]: 1,
      [operations('COMMIT')]: 1,
      [units('committed')]: 1,
      [attempts('committed')]: 1,
    });
  });

  it('that fail are counted by the class of their SQLSTATE', async () => {
    await unit(join('twice'));
    const change = await changeOf(async () => {
      await unit(join('twice')).catch(() => 0);
      await unit(() => sql('select nonsense')).catch(() => 0);
      await unit(() => sql(`do $$ begin raise exception using errcode = 'ZZ999'; end $$`)).catch(
        () => 0,
      );
    });

    expect(change).toMatchObject({
      [operations('INSERT', '23')]: 1,
      [operations('SELECT', '42')]: 1,
      [operations('OTHER', 'other')]: 1,
      [operations('ROLLBACK')]: 3,
      [units('rolled_back')]: 3,
    });
  });

  it('of Kysely are counted too', async () => {
    const change = await changeOf(() =>
      unit(() =>
        persistence.entityManager
          .getContext()
          .getKysely()
          .selectFrom('member' as never)
          .selectAll()
          .execute(),
      ),
    );

    expect(change).toMatchObject({ [operations('SELECT')]: 1 });
  });

  it('that are never sent are not', async () => {
    const change = await changeOf(() =>
      persistence.orm.em
        .getConnection()
        .execute('select 1')
        .catch(() => 0),
    );

    expect(change).toMatchObject({ [refused('TenantContextMissing')]: 1 });
    expect(Object.keys(change).filter((series) => series.startsWith('db_client_op'))).toEqual([]);
  });
});

describe('the connections', () => {
  it('are those of all pools of the process, used and idle', async () => {
    const before = await metrics();
    const other = await connectPersistence(persistence.config);
    const { db_client_connection_max: both } = await metrics();
    await other.stop();
    const after = await metrics();
    let during: typeof before = {};
    await unit(async () => {
      during = await metrics();
    });

    // Two, and two for operators.
    expect(both! - before['db_client_connection_max']!).toBe(4);
    expect(after['db_client_connection_max']).toBe(before['db_client_connection_max']);
    expect(during['db_client_connection_count{state="used"}']).toBe(
      after['db_client_connection_count{state="used"}']! + 1,
    );
  });

  it('are waited for, in vain at times, and held, for too long at times', async () => {
    const hold = (): Promise<unknown> => unit(() => sleep(450));
    let pending = 0;
    const change = await changeOf(async () => {
      const held = [hold(), hold()];
      await sleep(50);
      const late = unit(() => sql('select 1')).catch(() => 0);
      await sleep(50);
      pending = (await metrics())['db_client_connection_pending_requests']!;
      await Promise.all([...held, late]);
    });

    expect(pending).toBe(1);
    expect(change).toMatchObject({
      db_client_connection_timeouts_total: 1,
      db_client_connection_wait_time_seconds_count: 2,
      db_client_connection_use_time_seconds_count: 2,
      tenantry_connections_leaked_total: 2,
    });
  });

  it('that are cut are counted as lost', async () => {
    const change = await changeOf(() =>
      unit(async () => {
        const [row] = (await sql('select pg_backend_pid() as pid')) as [{ pid: number }];
        await direct.asOwner('select pg_terminate_backend(?, 1000)', [row.pid]);
        await sql('select 1');
      }).catch(() => 0),
    );

    expect(change).toMatchObject({
      tenantry_connections_lost_total: 1,
      [units('rolled_back')]: 1,
    });
  });
});

describe('units of work', () => {
  it('that are tried again are one, with their attempts and why', async () => {
    let attempt = 0;
    const change = await changeOf(() =>
      unit(async () => {
        attempt += 1;
        if (attempt < 3) {
          await sql(`do $$ begin raise exception using errcode = '40001'; end $$`);
        }
      }),
    );

    expect(change).toMatchObject({
      'tenantry_unit_of_work_retries_total{sqlstate="40001"}': 2,
      [attempts('rolled_back')]: 2,
      [attempts('committed')]: 1,
      [units('committed')]: 1,
    });
    expect(change).not.toHaveProperty([units('rolled_back')]);
  });

  it('whose COMMIT has no reply are counted by what was found out', async () => {
    const lose = (kind: 'reply-dropped' | 'request-dropped') => async (): Promise<void> => {
      proxy.faults.onCommit = nextCommits(1, { kind, then: 'reset' });
      await unit(join(kind)).catch(() => 0);
    };

    expect(await changeOf(lose('reply-dropped'))).toMatchObject({
      [fate('stored')]: 1,
      [units('committed')]: 1,
    });
    expect(await changeOf(lose('request-dropped'))).toMatchObject({
      [fate('not_stored')]: 1,
      [units('rolled_back')]: 1,
    });
  });

  it('of which nobody can say whether they are stored are unknown', async () => {
    const change = await changeOf(async () => {
      proxy.faults.onCommit = nextCommits(50, { kind: 'reply-dropped', then: 'reset' });
      await expect(unit(join('grace'))).rejects.toMatchObject({ kind: 'outcome-unknown' });
    });

    expect(change).toMatchObject({ [fate('unresolved')]: 1, [units('unknown')]: 1 });
  });
});

describe('what is refused', () => {
  it('is counted by the kind of violation', async () => {
    const change = await changeOf(async () => {
      const theirs = await persistence.context.run(acme, async () =>
        persistence.entityManager.getContext(),
      );
      await unit(() => theirs.execute('select 1'), globex).catch(() => 0);
      await unit(() => sql('select * from catalog.audit')).catch(() => 0);
    });

    expect(change).toMatchObject({
      [refused('ScopeMismatch')]: 1,
      [refused('PermissionDenied')]: 1,
    });
  });
});

describe('the tenant directory', () => {
  it('says how often it knew the answer', async () => {
    const directory = persistence.get(TenantDirectory);
    const change = await changeOf(async () => {
      await directory.find({ slug: acme.slug });
      await directory.find({ slug: acme.slug });
    });

    expect(change).toMatchObject({
      'tenantry_tenant_directory_lookups_total{result="miss"}': 1,
      'tenantry_tenant_directory_lookups_total{result="hit"}': 1,
      tenantry_tenant_directory_entries: 1,
    });
  });
});

describe('events', () => {
  it('are counted when they are delivered, fail and are parked', async () => {
    const handle = ({ attempt }: DeliveredEvent): Promise<void> =>
      attempt === 1 ? Promise.resolve() : Promise.reject(new Error('made up'));
    const relay = new OutboxRelay(
      persistence.context,
      persistence.get(Outboxes),
      persistence.get(Outbox),
      [{ events: ['project.started'], handle }],
    );
    const start = (key: string): Promise<unknown> =>
      unit(async () => {
        persistence.projects.add(
          new Project({ id: newId<'Project'>(), key: projectKey(key), name: key }),
        );
      });
    const attempted = (times: number): Promise<unknown> =>
      direct.asOwner(
        `update shared.outbox_event set attempts = ${times}, due_at = now() where delivered_at is null and name is not null`,
      );

    const change = await changeOf(async () => {
      await relay.pass();
      await start('ONE');
      await relay.pass();
      await start('TWO');
      await attempted(1);
      await relay.pass();
      await attempted(MOST_ATTEMPTS - 1);
      await relay.pass();
    });

    expect(change['tenantry_outbox_deliveries_total{outcome="delivered"}']).toBeGreaterThan(0);
    expect(change).toMatchObject({
      'tenantry_outbox_deliveries_total{outcome="failed"}': 1,
      'tenantry_outbox_deliveries_total{outcome="parked"}': 1,
    });
  });
});
