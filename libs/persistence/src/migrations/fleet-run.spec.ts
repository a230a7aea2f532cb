import { setTimeout as sleep } from 'node:timers/promises';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { concurrently, CONNECTIONS, migration, one, useFleets } from '../testing/fleets.ts';
import { LockTaken } from './advisory-lock.ts';
import { type RunReport } from './fleet-migrator.ts';
import type { Outcome, RunEvent } from './run-events.ts';
import type { ListedMigration } from './schema-migration.ts';

const fleets = useFleets();
const { fleet, query, fleetOf, addPlacements, session } = fleets;

const two = migration('2-two', 'alter table note add column body text');
const slow = migration('2-two', 'alter table note add column body text', 'select pg_sleep(0.05)');

/** In which schemas the second migration has been applied, by what is there and by the ledger. */
async function schemasWithTwo(): Promise<readonly string[]> {
  const there = await query<{ name: string }[]>(
    `select table_schema as name from information_schema.columns where table_name = 'note' and column_name = 'body' and data_type = 'text' order by 1`,
  );
  const recorded = await query<{ name: string }[]>(
    `select target as name from catalog.migration where name = '2-two' order by 1`,
  );
  expect(recorded).toEqual(there);
  return there.map(({ name }) => name);
}

const count = ({ outcomes }: RunReport, status: Outcome['status']): number =>
  outcomes.filter((outcome) => outcome.status === status).length;

/** Makes the second migration fail in some placements. */
async function poison(...schemas: string[]): Promise<void> {
  for (const schema of schemas) {
    await query(`alter table "${schema}".note add column body int`);
  }
}

async function heal(...schemas: string[]): Promise<void> {
  for (const schema of schemas) {
    await query(`alter table "${schema}".note drop column body`);
  }
}

describe('a run over many placements', () => {
  it('names those that failed with their SQLSTATE, and comes back to those alone', async () => {
    await fleetOf(499);
    const poisoned = ['t_007', 't_100', 't_498'];
    await poison(...poisoned);

    const report = await fleet([one, two]).migrate();

    expect(count(report, 'migrated')).toBe(497);
    expect(report.outcomes.filter(({ status }) => status === 'failed')).toMatchObject(
      poisoned.map((target) => ({
        target,
        attempts: 1,
        error: { step: '2-two', sqlState: '42701' },
      })),
    );
    expect(
      await query(
        'select target, step, sql_state, attempts, run_id from catalog.migration_failure order by 1',
      ),
    ).toEqual(
      poisoned.map((target) => ({
        target,
        step: '2-two',
        sql_state: '42701',
        attempts: 1,
        run_id: report.runId,
      })),
    );

    await heal(...poisoned);
    const again = await fleet([one, two]).migrate();

    expect(again.outcomes.map(({ target, status }) => [target, status])).toEqual(
      poisoned.map((target) => [target, 'migrated']),
    );
    expect(again.upToDate).toBe(497);
    expect(await schemasWithTwo()).toHaveLength(500);
    expect(await query('select * from catalog.migration_failure')).toEqual([]);
  }, 60_000);

  it('of which two have been altered by hand is told exactly those two, out of a thousand', async () => {
    await fleetOf(999);
    await query('alter table t_123.note add column by_hand text');
    await query('create index by_hand on t_876.note (tenant_id)');

    const { equal, different } = await fleet([one]).verify();

    expect(equal).toBe(998);
    expect(different).toEqual([
      { schema: 't_123', missing: [], unexpected: ['column note.by_hand text'] },
      {
        schema: 't_876',
        missing: [],
        unexpected: ['index CREATE INDEX by_hand ON note USING btree (tenant_id)'],
      },
    ]);
  }, 120_000);

  it('keeps what it has applied, how long that took, and in which run', async () => {
    const schemas = await fleetOf(3);

    const { runId } = await fleet([one, slow]).migrate();

    const rows = await query<{ duration_ms: number }[]>(
      `select target, checksum, duration_ms, run_id from catalog.migration where name = '2-two' order by 1`,
    );
    expect(rows).toMatchObject(
      schemas.toSorted().map((target) => ({
        target,
        run_id: runId,
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      })),
    );
    for (const { duration_ms: durationMs } of rows) {
      expect(durationMs).toBeGreaterThanOrEqual(50);
      expect(durationMs).toBeLessThan(5_000);
    }
  });

  it('says what is stored, and only that, also where what comes next has failed', async () => {
    const [schema = ''] = await fleetOf(1);
    const undone = migration('2-undone', 'alter table note add column undone int');
    const broken = migration('3-broken', 'alter table note add column tenant_id int');
    const index = concurrently(
      '2-index',
      'create index concurrently if not exists of_tenant on note (tenant_id)',
    );
    const runOf = async (...lists: ListedMigration[]): Promise<readonly unknown[]> => {
      const steps: string[] = [];
      const { outcomes } = await fleet([one, ...lists]).migrate({
        only: [schema],
        observe: (event) => steps.push(...(event.type === 'step' ? [event.migration] : [])),
      });
      return [steps, outcomes.map(({ status, migrations }) => [status, migrations])];
    };

    expect(await runOf(undone, broken)).toEqual([[], [['failed', []]]]);
    expect(await runOf(index, broken)).toEqual([['2-index'], [['failed', ['2-index']]]]);
  });

  it('is one of five that are begun at once: the others are told, and nothing is done twice', async () => {
    await fleetOf(199);
    const orms = Array.from({ length: 5 }, () =>
      createOwnerOrm(fleets.config.ownerUrl, fleets.config.database, CONNECTIONS),
    );

    const runs = await Promise.allSettled(orms.map((orm) => fleet([one, slow], orm).migrate()));

    await Promise.all(orms.map((orm) => orm.close()));
    const reports = runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []));
    expect(reports.map((report) => count(report, 'migrated'))).toEqual([200]);
    expect(
      runs.flatMap((run) => (run.status === 'rejected' ? [run.reason as unknown] : [])),
    ).toEqual(Array.from({ length: 4 }, () => expect.any(LockTaken) as unknown));
    expect(await schemasWithTwo()).toHaveLength(200);
  }, 60_000);

  it('leaves no lock behind in the sessions that it was done in', async () => {
    await fleetOf(40);

    await fleet([one, two]).migrate();

    const locks = `select from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`;
    expect(await query(locks)).toEqual([]);
  });

  it('does nothing where someone else has done it since the plan was made', async () => {
    await fleetOf(40);
    let meanwhile: Promise<unknown> | undefined;

    // Slowly: whoever does it meanwhile is there first.
    const report = await fleet([one, slow]).migrate({
      observe: ({ type }) => {
        meanwhile ??= type === 'waves' ? fleet([one, slow]).migratePlacement('t_039') : undefined;
      },
    });

    expect(await meanwhile).toMatchObject({ status: 'migrated' });
    expect(count(report, 'migrated')).toBe(40);
    expect(report.outcomes.find(({ target }) => target === 't_039')).toMatchObject({
      status: 'up-to-date',
    });
    expect(await schemasWithTwo()).toHaveLength(41);
  });

  it('takes nothing for done of what ends its transaction by SQL of its own, and then fails', async () => {
    const schemas = await fleetOf(3);
    const endsItself = migration(
      '2-two',
      'alter table note add column body int',
      'commit',
      'select 1 / 0',
    );

    const { outcomes } = await fleet([one, endsItself]).migrate();

    expect(outcomes).toMatchObject(
      schemas
        .toSorted()
        .map(() => ({ status: 'failed', error: { step: '2-two', sqlState: '22012' } })),
    );
    expect(await query(`select from catalog.migration where name = '2-two'`)).toEqual([]);
  });

  it('reads through a table in a transaction of its own, where others would wait for what was locked before', async () => {
    const steps = [
      one,
      migration('2-two', `alter table note add column body text`),
      migration('3-checked', `alter table note add constraint filled check (body <> '') not valid`),
      migration('4-valid', 'alter table note validate constraint filled'),
      migration('5-more', 'alter table note add column more text'),
    ];
    await fleetOf(1);
    await query(
      `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
       values (gen_random_uuid(), now(), now(), 'schema', 't_new')`,
    );

    await fleet(steps).migrate();

    expect(
      await query(
        `select target, array_agg(names order by names) as transactions from (
           select target, string_agg(substr(name, 1, 1), ' ' order by name) as names
           from catalog.migration where target <> 'catalog' group by target, xmin::text) each
         group by target order by target`,
      ),
    ).toEqual([
      { target: 'shared', transactions: ['1', '2 3', '4 5'] },
      { target: 't_000', transactions: ['1', '2 3', '4 5'] },
      { target: 't_new', transactions: ['1 2 3 4 5'] },
    ]);
  });

  it('works on several at once', async () => {
    await fleetOf(15);
    const start = Date.now();

    await fleet([
      one,
      migration('2-two', 'alter table note add column body text', 'select pg_sleep(0.2)'),
    ]).migrate();

    // One by one they would take 3.2 s.
    expect(Date.now() - start).toBeLessThan(2_400);
  });

  it('brings a placement to the newest version that is made meanwhile', async () => {
    await fleet([one, two]).migrate();
    await query('drop schema shared cascade');
    await query(`delete from catalog.migration where target = 'shared'`);
    let added: Promise<unknown> | undefined;

    const report = await fleet([one, slow]).migrate({
      observe: ({ type }) => {
        added ??= type === 'waves' ? addPlacements(2) : undefined;
      },
    });

    await added;
    expect(report.outcomes.map(({ target }) => target)).toEqual(['shared', 't_000', 't_001']);
    expect(await schemasWithTwo()).toEqual(['shared', 't_000', 't_001']);
  });
});

describe('a placement whose tables are in use', () => {
  it('is tried again, and others wait for no longer than the lock does', async () => {
    await fleetOf(3);
    const lockTimeoutMs = 1_000;
    const reader = await session();
    await reader.query('begin; select * from t_001.note');
    const other = await session();
    let longestWaitMs = 0;
    const stopping = new AbortController();
    const asking = (async () => {
      while (!stopping.signal.aborted) {
        const start = performance.now();
        await other.query('select * from t_001.note');
        longestWaitMs = Math.max(longestWaitMs, performance.now() - start);
      }
    })();
    const retries: string[] = [];

    const run = fleet([one, two]).migrate({
      lockTimeoutMs,
      observe: (event) => {
        if (event.type === 'retry') {
          retries.push(`${event.target} ${event.error.sqlState ?? ''}`);
        }
      },
    });
    await sleep(10_000);
    expect(await schemasWithTwo()).toEqual(['shared', 't_000', 't_002']);
    await reader.query('commit');
    const report = await run;

    stopping.abort();
    await asking;
    await Promise.all([reader.end(), other.end()]);
    expect(count(report, 'migrated')).toBe(4);
    expect(retries.length).toBeGreaterThanOrEqual(2);
    expect(new Set(retries)).toEqual(new Set(['t_001 55P03']));
    expect(longestWaitMs).toBeGreaterThan(lockTimeoutMs * 0.8);
    expect(longestWaitMs).toBeLessThan(lockTimeoutMs + 500);
  }, 30_000);

  it('is left to the next run when that does not end', async () => {
    await fleetOf(2);
    const reader = await session();
    await reader.query('begin; select * from t_001.note');

    const report = await fleet([one, two]).migrate({ lockTimeoutMs: 50, patienceMs: 500 });

    await reader.end();
    expect(report.outcomes).toMatchObject([
      { target: 't_000', status: 'migrated' },
      { target: 't_001', status: 'failed', error: { step: '2-two', sqlState: '55P03' } },
      { target: 'shared', status: 'migrated' },
    ]);
    expect((await fleet([one, two]).migrate()).outcomes).toMatchObject([
      { target: 't_001', status: 'migrated' },
    ]);
  });

  it('by someone else who works on it is waited for without a lock', async () => {
    await fleetOf(1);
    const other = await session();
    await other.query(
      `begin; select pg_advisory_xact_lock(hashtextextended('tenantry placement t_000', 0))`,
    );

    const run = fleet([one, two]).migrate();
    await sleep(300);
    expect(await schemasWithTwo()).not.toContain('t_000');
    await other.query('commit');

    expect((await run).outcomes).toMatchObject([
      { target: 't_000', status: 'migrated', attempts: expect.any(Number) as number },
      { target: 'shared', attempts: 1 },
    ]);
    await other.end();
  });
});

describe('a placement that is taken away while a run is under way', () => {
  /** As by whoever deletes its tenant, who has the lock of the placement meanwhile. */
  async function takenAway(schema: string, migrate: () => Promise<RunReport>): Promise<RunReport> {
    const other = await session();
    await other.query(
      `begin; select pg_advisory_xact_lock(hashtextextended('tenantry placement ${schema}', 0))`,
    );
    const run = migrate();
    await sleep(300);
    await other.query(
      `drop schema if exists ${schema} cascade; delete from catalog.placement where schema_name = '${schema}';
       delete from catalog.migration where target = '${schema}'; commit`,
    );
    await other.end();
    return run;
  }

  it('has not failed, and nothing is made there', async () => {
    await fleetOf(2);

    const { outcomes } = await takenAway('t_000', () => fleet([one, two]).migrate());

    expect(outcomes.map(({ target, status }) => [target, status])).toEqual([
      ['t_000', 'gone'],
      ['t_001', 'migrated'],
      ['shared', 'migrated'],
    ]);
    expect(await schemasWithTwo()).toEqual(['shared', 't_001']);
    expect(await query('select from catalog.migration_failure')).toEqual([]);
  });

  it('is not made when it was new', async () => {
    await fleetOf(0);
    await addPlacements(1);

    const { outcomes } = await takenAway('t_000', () => fleet([one]).migrate());

    expect(outcomes).toMatchObject([{ target: 't_000', status: 'gone', migrations: [] }]);
    expect(await query(`select from pg_namespace where nspname = 't_000'`)).toEqual([]);
    expect(await query(`select from catalog.migration where target = 't_000'`)).toEqual([]);
  });
});

describe('a placement whose tables are being dropped', () => {
  /** As its tenant's operation does it, which takes the placement away at its end. */
  async function withoutTables(schema: string, operation: string): Promise<void> {
    await query(
      `with placement as (select id from catalog.placement where schema_name = ?),
       tenant as (
         insert into catalog.tenant (id, created_at, updated_at, slug, name, status, plan, features, configuration, placement_id)
         select gen_random_uuid(), now(), now(), 'acme', 'Acme', 'archived', 'free', '{}', '{}', id from placement returning id)
       insert into catalog.tenant_operation (id, created_at, updated_at, tenant_id, kind, step, report)
       select gen_random_uuid(), now(), now(), id, ?, null, '{}' from tenant`,
      [schema, operation],
    );
    await query(`drop table ${schema}.note`);
  }

  it.each([
    ['delete', { status: 'gone' }],
    ['provision', { status: 'failed', error: { sqlState: '42P01' } }],
  ])('by an operation of the kind %s', async (operation, outcome) => {
    await fleetOf(1);
    await withoutTables('t_000', operation);

    const { outcomes } = await fleet([one, two]).migrate();

    expect(outcomes).toMatchObject([outcome, { target: 'shared', status: 'migrated' }]);
  });
});

describe('a run that is stopped', () => {
  it('finishes what it is at, and the next one does exactly the rest', async () => {
    const schemas = await fleetOf(40);
    const interruption = new AbortController();
    let done = 0;

    const report = await fleet([one, slow]).migrate({
      signal: interruption.signal,
      observe: ({ type }) => {
        done += type === 'placement' ? 1 : 0;
        if (done === 5) {
          interruption.abort();
        }
      },
    });

    const migrated = report.outcomes.filter(({ status }) => status === 'migrated');
    expect(report.stopped).toBe('interrupted');
    expect(migrated.length).toBeGreaterThanOrEqual(5);
    expect(migrated.length).toBeLessThan(15);
    expect(count(report, 'not-reached')).toBe(schemas.length - migrated.length);
    expect(await schemasWithTwo()).toEqual(migrated.map(({ target }) => target).toSorted());

    const rest = await fleet([one, slow]).migrate();
    expect(count(rest, 'migrated')).toBe(schemas.length - migrated.length);
    expect(await schemasWithTwo()).toHaveLength(schemas.length);
  });

  it('by more failures than may be reaches no others', async () => {
    await fleetOf(40);
    await poison('t_000', 't_001', 't_002', 't_003');

    const report = await fleet([one, slow]).migrate({ maxFailures: '5%' });

    expect(report.stopped).toBe('too-many-failures');
    expect(count(report, 'failed')).toBeGreaterThanOrEqual(3);
    expect(count(report, 'not-reached')).toBeGreaterThan(30);
  });

  it('by a canary that fails has begun nothing else', async () => {
    await fleetOf(10);
    await poison('t_005');

    const report = await fleet([one, two]).migrate({ canary: ['t_004', 't_005'], waves: [50] });

    expect(report.stopped).toBe('canary-failed');
    expect(report.outcomes.slice(0, 2)).toMatchObject([
      { target: 't_004', status: 'migrated' },
      { target: 't_005', status: 'failed' },
    ]);
    expect(count(report, 'not-reached')).toBe(9);
    expect(await schemasWithTwo()).toEqual(['t_004']);
  });

  it('by a wave in which something has failed has begun no other, unless so many may', async () => {
    await fleetOf(10);
    await poison('t_001');
    const waves = [20, 50];

    const report = await fleet([one, two]).migrate({ waves });

    expect(report.stopped).toBe('wave-failed');
    expect(count(report, 'failed')).toBe(1);
    expect(count(report, 'not-reached')).toBe(8);
    expect(await schemasWithTwo()).toEqual(['t_000', 't_002']);

    const goesOn = await fleet([one, two]).migrate({ waves, maxFailures: 1 });

    expect(goesOn.stopped).toBe(null);
    expect(count(goesOn, 'migrated')).toBe(8);
    expect(count(goesOn, 'failed')).toBe(1);
  });

  it('before it has begun anything says so of all', async () => {
    const interrupted = { signal: AbortSignal.abort(), production: true };

    const empty = await fleet([one]).migrate(interrupted);

    expect(empty).toMatchObject({
      outcomes: [{ target: 'catalog', status: 'not-reached' }],
      stopped: 'interrupted',
    });
    await fleetOf(3);
    const report = await fleet([one, two]).migrate(interrupted);

    expect(report.stopped).toBe('interrupted');
    expect(count(report, 'not-reached')).toBe(4);
    expect(await query('select * from catalog.installation')).toEqual([]);
  });

  it('is none where something has failed in the last wave, and others are made meanwhile', async () => {
    await fleetOf(2);
    await poison('shared');
    let made: Promise<unknown> | undefined;

    const report = await fleet([one, slow]).migrate({
      waves: [50],
      observe: ({ type }) => {
        made ??=
          type === 'waves'
            ? query(
                `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
                 select gen_random_uuid(), now(), now(), 'schema', 'later_' || n from generate_series(1, 3) n`,
              )
            : undefined;
      },
    });

    await made;
    expect(report.stopped).toBe(null);
    expect(report.outcomes.map(({ target, status }) => [target, status])).toEqual([
      ['t_000', 'migrated'],
      ['t_001', 'migrated'],
      ['shared', 'failed'],
      ['later_1', 'migrated'],
      ['later_2', 'migrated'],
      ['later_3', 'migrated'],
    ]);
  });

  it('since it cannot be seen what was made meanwhile reports what has been done', async () => {
    await fleetOf(2);
    let made: Promise<unknown> | undefined;

    const report = await fleet([one, slow]).migrate({
      observe: ({ type }) => {
        // By another build, which has changed a migration.
        made ??=
          type === 'waves'
            ? query(
                `with made as (
                   insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
                   values (gen_random_uuid(), now(), now(), 'schema', 't_002') returning schema_name)
                 insert into catalog.migration (target, name, applied_at, duration_ms, run_id, checksum, kind)
                 select schema_name, '1-one', now(), 1, gen_random_uuid(), 'other', 'expand' from made`,
              )
            : undefined;
      },
    });

    await made;
    expect(report.stopped).toBe('survey-failed');
    expect(report.outcomes.map(({ target, status }) => [target, status])).toEqual([
      ['t_000', 'migrated'],
      ['t_001', 'migrated'],
      ['shared', 'migrated'],
    ]);
  });

  it('by the loss of its lock begins nothing else', async () => {
    await fleetOf(40);

    const report = await fleet([one, slow]).migrate({
      observe: ({ type }) => {
        if (type === 'waves') {
          void query(
            `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock'
               and granted and database = (select oid from pg_database where datname = current_database())`,
          );
        }
      },
    });

    expect(report.stopped).toBe('lock-lost');
    expect(count(report, 'not-reached')).toBeGreaterThan(0);
  });
});

describe('a run whose connections are cut', () => {
  it('tries again, and has all done once', async () => {
    await fleetOf(30);
    const killer = await session();
    const stopping = new AbortController();
    const killing = (async () => {
      while (!stopping.signal.aborted) {
        await killer.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and query like 'begin%' and state = 'active' and pid <> pg_backend_pid() limit 1`,
        );
        await sleep(150);
      }
    })();
    const events: RunEvent[] = [];

    const report = await fleet([one, slow]).migrate({ observe: (event) => events.push(event) });

    stopping.abort();
    await killing;
    await killer.end();
    expect(count(report, 'migrated')).toBe(31);
    expect(events.filter(({ type }) => type === 'retry').length).toBeGreaterThan(0);
    expect(await schemasWithTwo()).toHaveLength(31);
  }, 30_000);

  it('in the middle of a message has all done once that was in it', async () => {
    await fleetOf(100);
    const killer = await session();
    const killing = (async () => {
      const sql = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
      while ((await killer.query(sql)).rowCount === 0) {
        await sleep(10);
      }
    })();
    const retried: string[] = [];
    const napping = migration(
      '2-two',
      'alter table note add column body text',
      `do $nap$ begin if current_schema() = 't_050' then perform pg_sleep(0.3); end if; end $nap$`,
    );

    const report = await fleet([one, napping]).migrate({
      observe: (event) => {
        if (event.type === 'retry') {
          retried.push(event.target);
        }
      },
    });

    await killing;
    await killer.end();
    expect(count(report, 'migrated')).toBe(101);
    // With it may be those behind it in the message, and none of those before.
    expect(retried).toContain('t_050');
    expect(retried.filter((target) => target < 't_050')).toEqual([]);
    expect(await schemasWithTwo()).toHaveLength(101);
  }, 30_000);
});

describe('what has to be true of a placement when it is done', () => {
  it('undoes it where it is not', async () => {
    await fleetOf(2);
    await query(`set role tenantry_owner; insert into t_001.note values (gen_random_uuid())`);

    const report = await fleet([one, two]).migrate({
      verifySql: 'select not exists (select from note where body is null);',
    });

    expect(report.outcomes).toMatchObject([
      { target: 't_000', status: 'migrated' },
      { target: 't_001', status: 'failed', error: { step: 'verification', sqlState: 'TN003' } },
      { target: 'shared', status: 'migrated' },
    ]);
    expect(await schemasWithTwo()).toEqual(['shared', 't_000']);
  });
});
