import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { newId } from '@tenantry/domain';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import pg from 'pg';
import { run } from './cli.ts';
import { provision } from './commands/provision.ts';

let database: TestDatabase;
const environment = { ...process.env };
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
  await migrator('migrate');
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

const create = (slug: string, ...more: string[]): Promise<number> =>
  migrator('tenant', 'create', '--slug', slug, '--name', slug, '--json', ...more);

async function query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
  await client.connect();
  const { rows } = await client.query<Row>(sql);
  await client.end();
  return rows;
}

/** As the API does it: only what is to be done is recorded. */
/** In the order of the requests, as ids that the application makes sort. */
async function request(slug: string): Promise<void> {
  await query(
    `with t as (insert into catalog.tenant
       select gen_random_uuid(), now(), now(), '${slug}', '${slug}', null, 'provisioning', 'free', '{}', '{}', id
       from catalog.placement where isolation = 'shared' returning id)
     insert into catalog.tenant_operation (id, created_at, updated_at, tenant_id, kind, step, report)
       select '${newId()}', now(), now(), id, 'provision', 'catalog', '{}' from t;`,
  );
}

describe('the life of a tenant', () => {
  it.each(['shared', 'schema'])('with the isolation %s', async (isolation) => {
    expect(await create('hooli', '--isolation', isolation)).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      slug: 'hooli',
      status: 'active',
      isolation,
      operation: { status: 'done' },
    });
    expect(await create('other', '--isolation', isolation)).toBe(0);

    expect(await migrator('tenant', 'delete', '--slug', 'hooli', '--yes')).toBe(1);
    expect(complained).toContain('is active; it would have to be archived');
    expect(await migrator('tenant', 'archive', '--slug', 'hooli')).toBe(1);
    expect(await migrator('tenant', 'suspend', '--slug', 'hooli')).toBe(0);
    expect(printed).toMatch(/^hooli +hooli +suspended/);
    expect(await migrator('tenant', 'resume', '--slug', 'hooli')).toBe(0);
    expect(await migrator('tenant', 'suspend', '--slug', 'hooli')).toBe(0);
    expect(await migrator('tenant', 'archive', '--slug', 'hooli', '--json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ status: 'archived' });

    expect(await migrator('tenant', 'delete', '--slug', 'hooli')).toBe(64);
    expect(await migrator('tenant', 'delete', '--slug', 'hooli', '--yes')).toBe(0);
    expect(printed).toMatch(/^hooli is deleted\n(?:\w+ +0 rows left\n?){6}$/);

    expect(await migrator('tenant', 'list')).toBe(0);
    expect(printed).toMatch(/^other +other +active/);
    expect(await migrator('tenant', 'list', '--deleted', '--json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      tenants: [
        { slug: 'hooli', status: 'deleted', schema: null, operation: { kind: 'delete' } },
        { slug: 'other', status: 'active' },
      ],
    });
    expect(await migrator('tenant', 'delete', '--slug', 'hooli', '--yes')).toBe(1);
    expect(complained).toContain('There is no such tenant.');
    expect(await create('hooli')).toBe(0);
  });

  it('begins once, however often it is asked for', async () => {
    expect(await create('hooli')).toBe(0);
    expect(await create('hooli')).toBe(0);
    expect(await create('hooli', '--plan', 'team')).toBe(1);
    expect(complained).toContain('There is a tenant hooli already.');
    expect(await query('select slug from catalog.tenant')).toHaveLength(1);
  });

  it('begins with what every tenant has', async () => {
    await create('hooli', '--isolation', 'schema');

    const [placement] = await query<{ schema: string }>(
      `select schema_name as schema from catalog.placement where isolation = 'schema'`,
    );
    expect(await query(`select key from "${placement!.schema}".project`)).toEqual([
      { key: 'INBOX' },
    ]);
  });
});

describe('a deletion that does not get through', () => {
  it('exits with 1, says where it is, and repair completes it', async () => {
    await create('hooli');
    await migrator('tenant', 'suspend', '--slug', 'hooli');
    await migrator('tenant', 'archive', '--slug', 'hooli');
    await query(
      `create function shared.refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end';
       create trigger refuse before delete on shared.project for each row execute function shared.refuse()`,
    );

    expect(await migrator('tenant', 'delete', '--slug', 'hooli', '--yes')).toBe(1);
    expect(printed).toContain('hooli is archived');
    expect(printed).toContain('delete pending after nothing, 1 × the database refused with P0001');
    expect(await migrator('tenant', 'list')).toBe(0);
    expect(printed).toContain('the database refused with P0001');
    expect(await migrator('tenant', 'repair')).toBe(5);

    await query('drop trigger refuse on shared.project');
    expect(await migrator('tenant', 'repair', '--tenant', 'hooli')).toBe(0);
    expect(await query('select 1 from shared.project')).toEqual([]);
    expect(await migrator('tenant', 'repair')).toBe(0);
    expect(printed).toBe('There is nothing to do.');
    expect(await migrator('tenant', 'repair', '--tenant', 'nobody')).toBe(1);
  });
});

describe('repair', () => {
  it('reports a schema that belongs to nobody, and removes it when told to', async () => {
    const schema = `t_${'0'.repeat(32)}`;
    await query(`create schema ${schema} authorization tenantry_owner`);

    expect(await migrator('tenant', 'repair')).toBe(0);
    expect(printed).toBe(`${schema}: unknown to the catalog; --remove removes it`);
    expect(await migrator('tenant', 'repair', '--remove', '--json')).toBe(0);
    expect(JSON.parse(printed)).toEqual({
      tenants: [],
      orphans: { schemas: [schema], placements: [] },
      removed: [schema],
    });
    expect(await query(`select 1 from pg_namespace where nspname = '${schema}'`)).toEqual([]);
  });
});

describe('provision', () => {
  const statusOf = async (slug: string): Promise<string | undefined> =>
    (await query<{ status: string }>(`select status from catalog.tenant where slug = '${slug}'`))[0]
      ?.status;

  it('once carries out what is requested, and ends', async () => {
    await request('hooli');
    await request('pied-piper');

    expect(await migrator('provision', '--once', '--json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      operations: [
        { tenant: 'hooli', status: 'done' },
        { tenant: 'pied-piper', status: 'done' },
      ],
    });
    expect(await statusOf('hooli')).toBe('active');
    expect(await migrator('provision', '--once')).toBe(0);
    expect(printed).toBe('There is nothing to do.');
  });

  it('keeps as many placements ready as it is told to, and gives tenants those', async () => {
    process.env['WARM_SCHEMAS'] = '2';
    expect(await migrator('provision', '--once')).toBe(0);
    expect(await migrator('status')).toBe(0);
    expect(printed).toMatch(/^of these in the warm pool +2 ready, 0 lagging behind$/m);

    expect(await create('hooli', '--isolation', 'schema')).toBe(0);

    expect(await migrator('status', '--json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ warmPool: { ready: 1, lagging: 0 } });
    expect(await migrator('tenant', 'repair')).toBe(0);
    expect(printed).toBe('There is nothing to do.');
    expect(await migrator('prove-isolation')).toBe(0);

    const until = new AbortController();
    const worker = provision({}, until.signal);
    while ((await query('select from catalog.warm_placement')).length < 2) {
      await sleep(20);
    }
    until.abort();
    expect(await worker).toBe(0);
  });

  it('keeps none ready unless it is told to', async () => {
    expect(await migrator('provision', '--once')).toBe(0);

    expect(await query('select from catalog.placement')).toHaveLength(1);
    expect(await migrator('status')).toBe(0);
    expect(printed).not.toContain('warm pool');
  });

  it('once exits with 5 when something fails, and says what', async () => {
    await request('hooli');
    await query(`alter table shared.project add constraint no check (key <> 'INBOX')`);

    expect(await migrator('provision', '--once')).toBe(5);
    expect(printed).toMatch(/^hooli +provision +.*after migrations, 1 × the database refused/);
  });

  it('as a worker is woken by a request much faster than it would look by itself', async () => {
    const until = new AbortController();
    const worker = provision({}, until.signal);
    while ((await listeners()) === 0) {
      await sleep(20);
    }
    // Past its first pass: from now on it waits.
    await sleep(300);

    await request('hooli');
    const start = Date.now();
    await query(`select pg_notify('tenantry_operation', '')`);
    while ((await statusOf('hooli')) !== 'active') {
      await sleep(20);
      expect(Date.now() - start).toBeLessThan(3_000);
    }

    until.abort();
    expect(await worker).toBe(0);
  });

  it('as a worker listens again after its connection was lost', async () => {
    const until = new AbortController();
    const worker = provision({}, until.signal);
    while ((await listeners()) === 0) {
      await sleep(20);
    }
    await query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry provisioner' and datname = current_database()`,
    );
    while ((await listeners()) > 0) {
      await sleep(20);
    }

    await request('hooli');
    while ((await statusOf('hooli')) !== 'active') {
      await sleep(20);
    }

    expect(await listeners()).toBe(1);
    until.abort();
    await worker;
  });

  it.each(['once', 'as a worker'])('%s removes what has had its time', async (how) => {
    await query(`insert into catalog.commit_marker (id, fenced, created_at)
      select gen_random_uuid(), false, now() - age from unnest(array[interval '2 days', '1 hour']) age`);
    const until = new AbortController();
    const ended = how === 'once' ? migrator('provision', '--once') : provision({}, until.signal);
    const left = (): Promise<object[]> =>
      query(`select 1 from catalog.commit_marker where created_at < now() - interval '1 minute'`);
    while ((await left()).length > 1) {
      await sleep(20);
    }

    until.abort();
    expect(await ended).toBe(0);
    expect(await left()).toHaveLength(1);
  });

  async function listeners(): Promise<number> {
    const rows = await query(
      `select 1 from pg_stat_activity where application_name = 'tenantry provisioner' and datname = current_database()
       and query like 'listen%'`,
    );
    return rows.length;
  }
});

describe('an event that could not be delivered', () => {
  const ID = '01900000-0000-7000-8000-0000000000e1';
  const stateOf = () =>
    query(
      `select due_at is not null as due, delivered_at is not null as delivered, parked_at is not null as parked
       from shared.outbox_event where id = '${ID}'`,
    );

  beforeEach(async () => {
    await create('hooli');
    await query(
      `insert into shared.outbox_event (tenant_id, id, name, aggregate_id, data, attempts, parked_at, error)
       select id, '${ID}', 'member.joined', gen_random_uuid(), '{}', 10, now(), 'it is broken' from catalog.tenant`,
    );
  });

  it('is listed with why', async () => {
    expect(await migrator('event', 'parked')).toBe(0);
    expect(printed).toMatch(new RegExp(`^hooli +${ID} +member.joined .*10 × it is broken$`));
    expect(await migrator('event', 'parked', '--json')).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      events: [{ tenant: 'hooli', id: ID, name: 'member.joined', attempts: 10 }],
    });
  });

  it.each([
    ['retry', { due: true, delivered: false, parked: false }],
    ['discard', { due: false, delivered: true, parked: false }],
  ])('is decided on: %s', async (decision, state) => {
    expect(await migrator('event', decision, '--tenant', 'hooli', '--id', ID)).toBe(0);
    expect(await stateOf()).toEqual([state]);
    expect(await query('select reason from catalog.audit order by at')).toContainEqual({
      reason: `event ${decision} ${ID}`,
    });
    expect(await migrator('event', 'parked')).toBe(0);
    expect(printed).toBe('No event waits for anybody.');

    expect(await migrator('event', decision, '--tenant', 'hooli', '--id', ID)).toBe(1);
    expect(complained).toContain('There is no such parked event');
  });
});
