import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { migrationLists } from '@tenantry/persistence';
import pg from 'pg';
import { run } from './cli.ts';

let database: TestDatabase;
const environment = { ...process.env };
const namesOfTenantMigrations = migrationLists.tenant.map(({ name }) => name);
let printed: string;
let complained: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  Object.assign(process.env, { NODE_ENV: 'test', LOG_LEVEL: 'silent', ...database.address });
  jest.spyOn(console, 'log').mockImplementation((line: string) => {
    printed += line;
  });
  jest.spyOn(console, 'error').mockImplementation((line: unknown) => {
    complained += String(line);
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += String(text);
    return true;
  });
});

afterEach(async () => {
  jest.restoreAllMocks();
  process.env = { ...environment };
  await database.drop();
});

/** Runs a command line, and gives its exit code. */
async function migrator(...args: string[]): Promise<number> {
  printed = '';
  complained = '';
  return run(['node', 'migrator', ...args]);
}

/** What was printed for programs, line by line. */
function lines(): Record<string, unknown>[] {
  return printed.split(/(?<=})(?={)/).map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

describe('migrate and status', () => {
  it('bring an empty database up to date, and say so', async () => {
    expect(await migrator('status')).toBe(2);
    expect(printed).toMatch(/catalog +pending: 20261122120000-initial/);

    expect(await migrator('migrate')).toBe(0);
    expect(printed).toMatch(/catalog +migrated[^]*shared +migrated/);

    expect(await migrator('status')).toBe(0);
    expect(await migrator('migrate')).toBe(0);
    expect(printed).toBe('There is nothing to do: 1 placements are up to date.');
  });

  it('say what happens as it happens, for programs', async () => {
    expect(await migrator('migrate', '--json')).toBe(0);

    const events = lines();
    expect(events.map(({ type }) => type)).toEqual([
      'run',
      ...migrationLists.catalog.map(() => 'step'),
      'placement',
      'waves',
      ...migrationLists.tenant.map(() => 'step'),
      'placement',
      'summary',
    ]);
    expect(events.at(-2)).toMatchObject({ target: 'shared', status: 'migrated', attempts: 1 });
    expect(events.at(-1)).toMatchObject({ migrated: 2, failed: 0, upToDate: 0, stopped: null });
  });

  it('plan what they would do, and change nothing by that', async () => {
    await migrator('migrate');
    await query(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_new')`,
    );

    for (const command of [['plan'], ['migrate', '--dry-run']]) {
      expect(await migrator(...command)).toBe(0);
      expect(printed).toMatch(
        /^100 % +1 +t_new\n\n20261122120000-initial \(expand, up\) in 1, in a transaction, locks: none/,
      );
      expect(printed).toContain('  create table "member"');
    }

    expect(await query(`select from pg_namespace where nspname = 't_new'`)).toEqual([]);
    expect(await migrator('plan', '--only', 't_new', '--json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      waves: [{ name: '100 %', targets: [{ name: 't_new', isPrepared: false }] }],
    });
    expect(await migrator('plan', '--only', 'nobody')).toBe(64);
    expect(complained).toContain('There is no such placement or tenant: nobody.');
  });

  it('exit with 3 when what was applied has changed, before anything is done', async () => {
    await migrator('migrate');
    await query(
      `update catalog.migration set checksum = 'other' where name like '%initial' and target = 'shared'`,
    );
    await query(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_new')`,
    );

    expect(await migrator('migrate')).toBe(3);
    expect(complained).toContain('20261122120000-initial in shared.');
    expect(await query(`select from pg_namespace where nspname = 't_new'`)).toEqual([]);
    expect(await migrator('status')).toBe(3);
    expect(printed).toMatch(/shared +changed since they were applied: 20261122120000-initial/);
  });

  it('exit with 5 when a placement fails, which is named with the reason', async () => {
    await migrator('migrate');
    await query(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_taken')`,
    );
    await query('create schema t_taken; create table t_taken.member ()');

    expect(await migrator('migrate', '--json')).toBe(5);
    expect(lines().at(-1)).toMatchObject({
      failed: 1,
      upToDate: 1,
      failures: [
        {
          target: 't_taken',
          attempts: 1,
          error: {
            step: 'preparation',
            sqlState: '42501',
            reason: expect.stringContaining('permission denied') as string,
          },
        },
      ],
    });
    expect(await migrator('migrate')).toBe(5);
    expect(printed).toMatch(/t_taken +failed +\d+ ms +preparation: permission denied .*\(42501\)/);
    expect(await migrator('status')).toBe(2);
    expect(printed).toMatch(/t_taken +failed 2 times, last with 42501 in preparation/);
  });

  it('exit with 2 while the last attempt has failed, though nothing is pending: it was a contract', async () => {
    await migrator('migrate');
    await query(
      `insert into catalog.migration_failure (target, run_id, step, sql_state, attempts)
       values ('shared', gen_random_uuid(), '9-contract', '55P03', 3)`,
    );

    expect(await migrator('status')).toBe(2);
    expect(printed).toMatch(/shared +failed 3 times, last with 55P03 in 9-contract/);
  });

  it('say of a placement that fails what has been stored there all the same', async () => {
    await migrator('migrate');
    await migrator('rollback', '--to', '20261124232657-unit-of-work', '--lose-data');
    await query('alter table shared.member add column email_lower int');

    expect(await migrator('migrate', '--json')).toBe(5);
    expect(lines().at(-1)).toMatchObject({
      failures: [{ target: 'shared', migrations: ['20261126205304-task-project-index'] }],
    });
    await migrator('rollback', '--to', '20261124232657-unit-of-work');
    expect(await migrator('migrate')).toBe(5);
    expect(printed).toMatch(
      /shared +failed .*20261126211500-member-email-lower: .* \(stored before: 20261126205304-task-project-index\)/,
    );
  });

  it('exit with 4 while another run holds the lock', async () => {
    await migrator('migrate');
    const other = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
    await other.connect();
    await other.query(
      `begin; select pg_advisory_xact_lock(hashtextextended('tenantry the fleet', 0))`,
    );

    expect(await migrator('migrate')).toBe(4);
    expect(complained).toContain('Another run holds the lock');
    await other.end();
  });

  it('exit with 1 and a message without secrets when the database cannot be reached', async () => {
    process.env['DB_CONNECT_RETRIES'] = '0';
    process.env['MIGRATOR_DATABASE_URL'] = 'postgresql://owner:secret-password@127.0.0.1:1/nowhere';

    expect(await migrator('migrate')).toBe(1);
    expect(complained).toContain('Cannot connect to postgresql://owner@127.0.0.1:1/nowhere');
    expect(complained).not.toContain('secret-password');
  });

  it('exit with 1 when the environment is not complete', async () => {
    delete process.env['MIGRATOR_DATABASE_URL'];

    expect(await migrator('migrate')).toBe(1);
    expect(complained).toContain('MIGRATOR_DATABASE_URL is required');
  });
});

describe('verify', () => {
  it('exits with 3 when somebody has changed a placement by hand, and says where and how', async () => {
    await migrator('migrate');
    await query(
      `insert into catalog.placement select gen_random_uuid(), now(), now(), 'schema', 't_' || n from generate_series(1, 5) n`,
    );
    await migrator('migrate');
    expect(await migrator('verify')).toBe(0);
    expect(printed).toBe('6 equal, 0 differ');

    await query('alter table t_2.project rename name to title; drop index t_4.task_labels_idx');

    expect(await migrator('verify')).toBe(3);
    expect(printed).toMatch(/^4 equal, 2 differ\nt_2:\n/);
    expect(printed).toContain('  - column project.name text not null\n');
    expect(printed).toContain('  + column project.title text not null\n');
    expect(printed).toMatch(
      /t_4:\n  - index CREATE INDEX task_labels_idx ON task USING gin \(labels\)$/,
    );
    expect(await migrator('verify', '--exclude', 't_2,t_4', '--json')).toBe(0);
    expect(JSON.parse(printed)).toEqual({ equal: 4, different: [], unknown: [] });
  });

  it('exits with 5 where a newer build has been, which it cannot judge', async () => {
    await migrator('migrate');
    await query(
      `insert into catalog.migration (target, name, applied_at, duration_ms, run_id, kind)
       values ('shared', '99990101000000-newer', now(), 1, gen_random_uuid(), 'expand')`,
    );

    expect(await migrator('verify')).toBe(5);
    expect(printed).toBe('0 equal, 0 differ\n1 are ahead of this build, and were not judged');
    expect(await migrator('baseline')).toBe(5);
    expect(printed).toContain('1 are ahead of this build');
  });
});

describe('baseline', () => {
  beforeEach(async () => {
    await migrator('migrate');
    await query(
      `insert into catalog.placement select gen_random_uuid(), now(), now(), 'schema', 't_' || n from generate_series(1, 2) n`,
    );
    await migrator('migrate');
    await query(`delete from catalog.migration where target like 't_%'`);
  });

  it('records what is there, so that nothing is left to be done', async () => {
    expect(await migrator('status')).toBe(2);
    expect(await migrator('baseline', '--dry-run')).toBe(0);
    expect(printed).toMatch(/^2 to be recorded, 1 unchanged, 0 differ, 0 claim/);
    expect(await migrator('status')).toBe(2);

    expect(await migrator('baseline', '--json')).toBe(0);

    expect(JSON.parse(printed)).toMatchObject({
      unchanged: 1,
      adoptions: ['t_1', 't_2'].map((schema) => ({
        schema,
        names: namesOfTenantMigrations,
        // The one that changes rows only has been asked, and has none left.
        traceless: [],
      })),
      different: [],
      missed: [],
      stopped: null,
    });
    expect(await migrator('status')).toBe(0);
    expect(await migrator('verify')).toBe(0);
    expect(await migrator('prove-isolation')).toBe(0);
  });

  it('exits with 5 where rows are left to be filled in, which migrate does', async () => {
    await query(
      `insert into t_2.member (tenant_id, id, created_at, updated_at, email, name)
       values (gen_random_uuid(), gen_random_uuid(), now(), now(), 'A@b.c', 'A')`,
    );

    expect(await migrator('baseline')).toBe(5);
    expect(printed).toContain(
      't_2: 20261126211501-fill-member-email-lower has rows left, or could not look for them, and stays pending',
    );
    // What comes after it here can be done once more: an index that is made concurrently, and a validation.
    expect(await migrator('migrate')).toBe(0);
    expect(await query('select email_lower from t_2.member')).toEqual([{ email_lower: 'a@b.c' }]);
    expect(await migrator('status')).toBe(0);
    expect(await migrator('verify')).toBe(0);
  });

  it('exits with 3 where somebody has changed what is there, and records the others', async () => {
    await query('alter table t_2.project add note text');

    expect(await migrator('baseline')).toBe(3);
    expect(printed).toMatch(
      /^1 recorded, 1 unchanged, 1 differ, 0 claim what is not there\nt_1: 20261122120000-initial, /,
    );
    expect(printed).toContain(
      `t_2 is nearest to ${namesOfTenantMigrations.at(-1)}:\n  + column project.note text\n`,
    );
    expect(await query('select distinct target from catalog.migration order by 1')).toEqual(
      ['catalog', 'shared', 't_1'].map((target) => ({ target })),
    );
    expect(await migrator('baseline', '--dry-run')).toBe(3);
    expect(await migrator('baseline', '--exclude', 't_2')).toBe(0);
  });

  it('exits with 3 where the ledger claims what is not there', async () => {
    await query('drop schema shared cascade');

    expect(await migrator('baseline', '--only', 'shared')).toBe(3);
    expect(printed).toContain(
      `shared is not what the ledger says of it: ${namesOfTenantMigrations.join(', ')}`,
    );
  });

  it('exits with 5 where someone is busy, and with 4 while another run is under way', async () => {
    const other = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
    await other.connect();
    await other.query(`select pg_advisory_lock(hashtextextended('tenantry placement t_1', 0))`);
    expect(await migrator('baseline')).toBe(5);
    expect(printed).toContain('t_1 was not recorded: someone else is busy with it');

    await other.query(`select pg_advisory_lock(hashtextextended('tenantry the fleet', 0))`);
    expect(await migrator('baseline')).toBe(4);
    await other.end();
  });

  it('exits with 64 on a name that there is not', async () => {
    expect(await migrator('baseline', '--only', 'nobody')).toBe(64);
    expect(complained).toContain('There is no such placement or tenant: nobody.');
  });
});

describe('baseline before migrate', () => {
  it('exits with 1, and says what comes first', async () => {
    expect(await migrator('baseline')).toBe(1);
    expect(complained).toContain('Run migrate first');
  });
});

describe('rollback', () => {
  it('takes the newest step back', async () => {
    await migrator('migrate');

    expect(await migrator('rollback', '--lose-data')).toBe(0);
    expect(
      await query(`select max(name) as newest from catalog.migration where target = 'shared'`),
    ).toEqual([{ newest: namesOfTenantMigrations.at(-2) }]);
    expect(await migrator('status')).toBe(2);
  });

  it('takes all steps back that came after the one that is named', async () => {
    const backTo = ['rollback', '--lose-data', '--to', '20261122120000-initial'];
    await migrator('migrate');

    expect(await migrator(...backTo, '--dry-run')).toBe(0);
    expect(printed).toMatch(
      /20261124232657-unit-of-work \(expand, down\) in 1, in a transaction, locks: ACCESS EXCLUSIVE/,
    );
    expect(await migrator(...backTo)).toBe(0);
    expect(
      await query(
        `select to_regclass('shared.outbox_event') as after, to_regclass('shared.task')::text as before`,
      ),
    ).toEqual([{ after: null, before: 'shared.task' }]);
  });

  it('exits with 64 on a migration that there is not', async () => {
    await migrator('migrate');

    expect(await migrator('rollback', '--to', 'nonsense')).toBe(64);
    expect(complained).toContain('There is no migration nonsense.');
  });

  it('loses nothing unless that is said', async () => {
    await migrator('migrate');

    expect(await migrator('rollback', '--to', '20261122120000-initial')).toBe(1);
    expect(complained).toContain('Say --lose-data if you mean it');
    expect(await migrator('status')).toBe(0);
  });
});

describe('seed', () => {
  it('puts the profile in that is asked for, once, and says what was skipped', async () => {
    await migrator('migrate');

    expect(await migrator('seed', '--profile', 'test', '--json')).toBe(0);
    expect(lines().map(({ type }) => type)).toEqual([
      'run',
      'catalog',
      'waves',
      'tenant',
      'tenant',
      'tenant',
      'summary',
    ]);
    expect(lines().at(-1)).toMatchObject({ profile: 'test', inserted: 9, seeded: 3, failed: 0 });

    expect(await migrator('seed', '--profile', 'test')).toBe(0);
    expect(printed).toMatch(/test.tenants +0 +0 +0 +0 +1 skipped/);
    expect(printed).toContain('0 tenants gone through, 3 skipped: they have it all already');
  });

  it('says what it would do, and changes nothing by that', async () => {
    await migrator('migrate');

    expect(await migrator('seed', '--profile', 'demo', '--dry-run')).toBe(0);

    expect(printed).toMatch(/^target +seeder +insert +update +unchanged +kept/);
    expect(printed).toMatch(/catalog +demo.tenants +3 +0 +0 +0/);
    expect(printed).toMatch(/acme +demo.projects +3 +0 +0 +0/);
    expect(await query('select * from catalog.tenant')).toEqual([]);
  });

  it('in production puts in nothing that is made up, unless that is said twice', async () => {
    process.env['NODE_ENV'] = 'production';
    await migrator('migrate');

    expect(await migrator('seed', '--profile', 'demo')).toBe(1);
    expect(complained).toContain('production gets reference only');
    process.env['SEED_PROFILE'] = 'demo';
    expect(await migrator('seed')).toBe(1);
    delete process.env['SEED_PROFILE'];
    expect(await migrator('seed', '--fresh')).toBe(1);
    expect(await migrator('seed')).toBe(0);

    process.env['NODE_ENV'] = 'development';
    expect(await migrator('seed')).toBe(1);
    expect(complained).toContain('has been migrated in production, whatever NODE_ENV says');
    expect(await migrator('seed', '--allow-production', '--database', 'tenantri')).toBe(1);
    expect(complained).toContain('tenantri is not');
    expect(await query('select * from catalog.tenant')).toEqual([]);
    const database = new URL(String(process.env['DATABASE_URL'])).pathname.slice(1);
    expect(await migrator('seed', '--allow-production', '--database', database)).toBe(0);
  });

  it('exits with 5 when a tenant fails, which is named with the reason, and with 64 for a name of nothing', async () => {
    await migrator('migrate');
    await migrator('seed', '--profile', 'test');
    await query(
      `alter table shared.member add constraint no_more
       check (tenant_id <> '01900000-0000-7000-8000-000000000102') not valid`,
    );
    await query(
      `delete from shared.task; delete from shared.member; delete from catalog.seed where target <> 'catalog'`,
    );

    expect(await migrator('seed', '--profile', 'test')).toBe(5);
    expect(printed).toContain('beta failed in test.members: the database refused with 23514');
    expect(await migrator('seed', '--profile', 'test', '--only', 'nothing')).toBe(64);
    expect(await migrator('seed', '--profile', 'test', '--tenant', 'nobody')).toBe(64);
  });

  it('loads tenants by the number, shared and dedicated', async () => {
    await migrator('migrate');

    expect(
      await migrator(
        'seed',
        '--profile',
        'load',
        '--tenants',
        '5',
        '--rows',
        '200',
        '--dedicated',
        '1',
        '--json',
      ),
    ).toBe(0);
    expect(lines().at(-1)).toMatchObject({ inserted: 5 + 200 + 4, seeded: 5 });
    expect(
      await query(
        `select isolation, count(*)::int from catalog.tenant t join catalog.placement p on p.id = placement_id
         group by 1 order by 1`,
      ),
    ).toEqual([
      { isolation: 'schema', count: 1 },
      { isolation: 'shared', count: 4 },
    ]);

    expect(await migrator('seed', '--profile', 'load', '--tenants', '5', '--rows', '4')).toBe(64);
    expect(complained).toContain('rows has to be a whole number from 15');
  });

  it('exports a tenant as a seed, and makes another tenant of it', async () => {
    await migrator('migrate');
    await migrator('seed', '--profile', 'demo');
    const folder = await mkdtemp(join(tmpdir(), 'seed-'));
    const file = join(folder, 'acme.json');

    expect(await migrator('seed', 'export', '--tenant', 'acme', '--output', file)).toBe(0);
    expect(await readFile(file, 'utf8')).not.toMatch(/wile|coyote|rocket skates/i);
    expect(await migrator('seed', 'import', '--file', file, '--as', 'acme-copy')).toBe(0);
    expect(await migrator('seed', 'export', '--tenant', 'acme-copy')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ tenant: { slug: 'acme-copy' }, format: 1 });

    expect(await migrator('seed', 'import', '--file', file, '--as', 'globex')).toBe(1);
    expect(await migrator('seed', 'export', '--tenant', 'nobody')).toBe(1);
    await writeFile(file, '{}');
    expect(await migrator('seed', 'import', '--file', file)).toBe(1);
    await rm(folder, { recursive: true });
  });

  it('exits with 4 while another one is under way', async () => {
    await migrator('migrate');
    const client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
    await client.connect();
    await client.query(`select pg_advisory_lock(hashtextextended('tenantry the seeds', 0))`);

    expect(await migrator('seed', '--profile', 'test')).toBe(4);

    await client.end();
    expect(await migrator('seed', '--profile', 'test')).toBe(0);
  });
});

describe('tenant', () => {
  it('takes tenants in, and lists them', async () => {
    await migrator('migrate');

    expect(
      await migrator(
        'tenant',
        'create',
        '--slug',
        'hooli',
        '--name',
        'Hooli',
        '--isolation',
        'schema',
        '--domain',
        'work.hooli.example',
        '--json',
      ),
    ).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      slug: 'hooli',
      status: 'active',
      domain: 'work.hooli.example',
      schema: expect.stringMatching(/^t_[0-9a-f]{32}$/) as string,
    });

    expect(await migrator('tenant', 'create', '--slug', 'hooli', '--name', 'Other')).toBe(1);
    expect(complained).toContain('There is a tenant hooli already.');
    expect(await migrator('tenant', 'list')).toBe(0);
    expect(printed).toMatch(/^hooli +Hooli +active +t_/);
  });

  it.each(['Hooli', 'a b', `x'; drop table tenant`, '-'])('refuses the slug %j', async (slug) => {
    await migrator('migrate');

    expect(await migrator('tenant', 'create', `--slug=${slug}`, '--name', 'x')).toBe(1);
    expect(complained).toContain('The slug must be 1 to 63 lower-case letters');
  });
});

describe('prove-isolation', () => {
  it('exits with 0 on what migrate has made, and says what has been tried', async () => {
    await migrator('migrate');

    expect(await migrator('prove-isolation')).toBe(0);
    expect(printed).toMatch(/ok +row-security +row security is enabled/);
    expect(printed).toMatch(/held +truncate a table/);
    expect(printed).toMatch(/ok +a table without row security/);
    expect(printed).toMatch(/Tenants are isolated\.$/);
  });

  it('exits with 3 on a leak, and says which', async () => {
    await migrator('migrate');
    await query('alter table shared.task disable row level security');

    expect(await migrator('prove-isolation', '--json')).toBe(3);
    expect(JSON.parse(printed)).toMatchObject({
      proven: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ check: 'row-security', severity: 'leak', where: 'shared.task' }),
      ]) as unknown,
    });
  });

  it('exits with 1 before there is anything to prove', async () => {
    expect(await migrator('prove-isolation')).toBe(1);
    expect(complained).toContain('There is no catalog');
  });
});

describe('create', () => {
  it('has nothing to write when mapping and migrations agree', async () => {
    expect(await migrator('create', '--name', 'nothing-new')).toBe(0);
    expect(printed).toContain('agree: there is nothing to write');
  });

  it.each(['Add Due Date', '../x', '1x', ''])('refuses the name %j', async (name) => {
    expect(await migrator('create', `--name=${name}`)).toBe(64);
  });
});

describe('a command line that does not fit', () => {
  it.each([
    [['nonsense']],
    [['seed', '--profile', 'nonsense']],
    [['migrate', '--nonsense']],
    [['migrate', '--waves', '50,10']],
    [['migrate', '--max-failures', 'some']],
    [['migrate', '--concurrency', '0']],
    [['tenant', 'create']],
    [[]],
  ])('%j exits with 64', async (args) => {
    expect(await migrator(...args)).toBe(64);
  });

  it('asking for help is no mistake', async () => {
    jest.spyOn(process.stdout, 'write').mockImplementation(() => true);

    expect(await migrator('--help')).toBe(0);
  });
});
