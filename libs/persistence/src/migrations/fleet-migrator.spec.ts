import { type MikroORM } from '@mikro-orm/postgresql';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { startFaultProxy } from '@tenantry/fault-proxy';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { tenantMappings } from '../mapping/mappings.ts';
import { FleetMigrator } from './fleet-migrator.ts';
import { MigrationChanged } from './fleet-refusals.ts';
import { UnknownPlacement } from './fleet-waves.ts';
import { RollbackRefused } from './rollback.ts';
import { migrationLists } from './migration-lists.ts';
import { type ListedMigration, SchemaMigration } from './schema-migration.ts';
import { ServerNotPrepared } from './server-roles.ts';

let database: TestDatabase;
let config: MigratorConfig;
let owner: MikroORM;

beforeEach(async () => {
  database = await createEmptyDatabase();
  config = readMigratorConfig({ ...database.address });
  owner = createOwnerOrm(config.ownerUrl, config.database);
});

afterEach(async () => {
  await owner.close();
  await database.drop();
});

const fleet = (...added: ListedMigration[]): FleetMigrator =>
  new FleetMigrator(owner, config.database, {
    ...migrationLists,
    tenant: [...migrationLists.tenant, ...added],
  });

const query = <T extends object[]>(sql: string, parameters: unknown[] = []): Promise<T> =>
  owner.em.fork().execute<T>(sql, parameters);

const addPlacement = (schema: string): Promise<unknown> =>
  query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name) values (gen_random_uuid(), now(), now(), 'schema', ?)`,
    [schema],
  );

const ledgerOf = async (target: string): Promise<string[]> =>
  (
    await query<{ name: string }[]>(
      'select name from catalog.migration where target = ? order by name',
      [target],
    )
  ).map(({ name }) => name);

/** Adds a table, then fails in the placements named. */
function addingATable(
  name: string,
  failingIn: readonly string[] = [],
  table = 'extra',
): ListedMigration {
  return {
    name,
    class: class extends SchemaMigration {
      override readonly kind = 'expand';

      override up(): void {
        this.addSql(`create table ${table} (tenant_id uuid primary key)`);
        for (const schema of failingIn) {
          this.addSql(
            `do $$ begin if current_schema() = '${schema}' then raise 'poisoned'; end if; end $$`,
          );
        }
      }

      override down(): void {
        this.addSql(`drop table ${table}`);
      }
    },
  };
}

describe('migrating', () => {
  it('an empty database makes the catalog and the shared placement', async () => {
    const { outcomes } = await fleet().migrate();

    expect(outcomes).toMatchObject([
      { target: 'catalog', status: 'migrated' },
      {
        target: 'shared',
        status: 'migrated',
        migrations: migrationLists.tenant.map(({ name }) => name),
      },
    ]);
  });

  it('again changes nothing', async () => {
    await fleet().migrate();

    expect(await fleet().migrate()).toMatchObject({ outcomes: [], upToDate: 1, stopped: null });
  });

  it('gives the ledger checksums where it is older than those, whatever else is to be done', async () => {
    await fleet().migrate();
    const sums = (): Promise<object[]> =>
      query('select target, name, checksum from catalog.migration order by 1, 2');
    const before = await sums();
    await query(`update catalog.migration set checksum = null where target = 'shared'`);

    await fleet().migrate();

    expect(await sums()).toEqual(before);
  });

  it('makes the schema of a placement that is only recorded', async () => {
    await fleet().migrate();
    await addPlacement('t_new');

    await fleet().migrate();

    expect(
      await query(`select count(*)::int as tables from pg_tables where schemaname = 't_new'`),
    ).toEqual([{ tables: tenantMappings.length }]);
    expect(await ledgerOf('t_new')).toEqual(migrationLists.tenant.map(({ name }) => name));
  });

  it('goes on when a placement fails, which keeps nothing of the failed migration', async () => {
    await fleet().migrate();
    await addPlacement('t_a');
    await addPlacement('t_b');
    const poisoned = addingATable('99990101000000-poisoned', ['t_a']);

    const { outcomes } = await fleet(poisoned).migrate();

    expect(outcomes).toMatchObject([
      {
        target: 't_a',
        status: 'failed',
        attempts: 1,
        error: { step: poisoned.name, sqlState: 'P0001', reason: 'poisoned (P0001)' },
      },
      { target: 't_b', status: 'migrated' },
      { target: 'shared', status: 'migrated' },
    ]);
    expect(await ledgerOf('t_a')).toEqual([]);
    expect(
      await query(
        `select to_regclass('t_a.extra') as extra, to_regclass('t_a.project') as project`,
      ),
    ).toEqual([{ extra: null, project: null }]);
  });

  it.each([
    `t_x"; alter role tenantry_app superuser; --`,
    `t_x'; alter role tenantry_app superuser; --`,
    `t_${'x'.repeat(60)}`,
    'owner',
  ])('makes nothing of a placement called %s, which is no name for one', async (schema) => {
    await fleet().migrate();
    await addPlacement(schema);
    await addPlacement('t_a');

    const { outcomes } = await fleet().migrate();

    expect(outcomes).toMatchObject(
      [
        { target: schema, status: 'failed', attempts: 1 },
        { target: 't_a', status: 'migrated' },
      ].toSorted((one, other) => (one.target < other.target ? -1 : 1)),
    );
    expect(await query(`select rolsuper from pg_roles where rolname = 'tenantry_app'`)).toEqual([
      { rolsuper: false },
    ]);
    expect(await ledgerOf(schema)).toEqual([]);
  });

  it('finds out what became of a commit whose reply, or request, was lost', async () => {
    const { hostname: host, port } = new URL(config.ownerUrl);
    const proxy = await startFaultProxy({ host, port: Number(port) });
    const { MIGRATOR_DATABASE_URL } = proxy.address(database.address);
    const far = createOwnerOrm(MIGRATOR_DATABASE_URL, config.database);
    const migrator = new FleetMigrator(far, config.database);
    const names = migrationLists.tenant.map(({ name }) => name);
    try {
      await migrator.migrate();
      for (const kind of ['reply-dropped', 'request-dropped'] as const) {
        let commits = 0;
        proxy.faults.onCommit = () => (++commits === 1 ? { kind, then: 'reset' } : undefined);
        const schema = `t_${kind.slice(0, 5)}`;
        await addPlacement(schema);

        const outcome = await migrator.migratePlacement(schema);

        expect(outcome).toMatchObject({ status: 'migrated', migrations: names });
        expect(await ledgerOf(schema)).toEqual(names);
        // What is stored is found to be, and not done again.
        expect(commits).toBe(kind === 'reply-dropped' ? 1 : 2);
        await proxy.heal();
      }
    } finally {
      await far.close();
      await proxy.close();
    }
  });

  it('gives tenants the tables of later migrations too, and nobody else the database', async () => {
    await fleet(addingATable('99990101000000-extra')).migrate();

    const [rights] = await query(
      `select has_table_privilege('tenantry_shared', 'shared.extra', 'select, insert, update, delete') as tenant,
         has_table_privilege('tenantry_shared', 'shared.extra', 'truncate') as truncates,
         has_table_privilege('tenantry_operator', 'shared.extra', 'select') as operator,
         has_database_privilege('tenantry_app', current_database(), 'temporary') as temporary,
         has_database_privilege('public', current_database(), 'connect') as anybody`,
    );

    expect(rights).toEqual({
      tenant: true,
      truncates: false,
      operator: false,
      temporary: false,
      anybody: false,
    });
  });
});

describe('the status', () => {
  it('says what is pending, and makes nothing by asking', async () => {
    const before = await fleet().status();

    expect(before).toMatchObject([
      {
        name: 'catalog',
        list: 'catalog',
        applied: [],
        pending: migrationLists.catalog.map(({ name }) => name),
        ahead: [],
      },
    ]);
    expect(await query(`select to_regnamespace('catalog') as catalog`)).toEqual([
      { catalog: null },
    ]);
  });

  it('shows a placement that lags behind', async () => {
    await fleet().migrate();

    const [catalog, shared] = await fleet(addingATable('99990101000000-extra')).status();

    expect(catalog?.pending).toEqual([]);
    expect(shared?.pending).toEqual(['99990101000000-extra']);
  });
});

describe('rolling back', () => {
  it('takes the newest step back wherever it has been applied, and it can be applied again', async () => {
    const extra = addingATable('99990101000000-extra');
    await fleet().migrate();
    await addPlacement('t_a');
    await fleet(extra).migrate();
    await addPlacement('t_lagging');
    await fleet().migratePlacement('t_lagging');

    const { outcomes } = await fleet(extra).rollback({ list: 'tenant', loseData: true });

    expect(outcomes).toMatchObject([
      { target: 't_a', status: 'rolled-back', migrations: [extra.name] },
      { target: 'shared', status: 'rolled-back', migrations: [extra.name] },
    ]);
    expect(await query(`select to_regclass('shared.extra') as extra`)).toEqual([{ extra: null }]);
    expect(await ledgerOf('shared')).not.toContain(extra.name);
    expect((await fleet(extra).migrate()).outcomes).toMatchObject([
      { target: 't_a', status: 'migrated' },
      { target: 't_lagging', status: 'migrated' },
      { target: 'shared', status: 'migrated' },
    ]);
  });

  it('leaves the ledger itself alone', async () => {
    await fleet().migrate();
    const [initial] = migrationLists.catalog;
    await fleet().rollback({ list: 'catalog', to: initial!.name, loseData: true });

    const attempt = fleet().rollback({ list: 'catalog', loseData: true });

    await expect(attempt).rejects.toThrow(RollbackRefused);
    await expect(attempt).rejects.toThrow('it made the ledger itself');
    expect(await ledgerOf('catalog')).toEqual([initial!.name]);
  });

  it('loses nothing unless that is said, and knows what it goes back to', async () => {
    await fleet().migrate();
    const before = await ledgerOf('shared');

    const initial = migrationLists.tenant[0]!.name;
    await expect(fleet().rollback({ list: 'tenant', to: initial })).rejects.toThrow('--lose-data');
    await expect(fleet().rollback({ list: 'tenant', to: 'nonsense' })).rejects.toThrow(
      'There is no migration nonsense',
    );

    expect(await ledgerOf('shared')).toEqual(before);
  });

  it('is asked for by the names that there are, and not by those where something is taken back', async () => {
    const extra = addingATable('99990101000001-one', [], 'one');
    await fleet(extra).migrate();
    await query(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_1')`,
    );
    await fleet().migrate();
    const back = { list: 'tenant', loseData: true } as const;

    await expect(fleet(extra).rollback({ ...back, only: ['t_1', 't_9'] })).rejects.toThrow(
      new UnknownPlacement(['t_9']),
    );
    const { outcomes } = await fleet(extra).rollback({ ...back, canary: ['t_1'] });

    expect(outcomes).toMatchObject([{ target: 'shared', migrations: [extra.name] }]);
  });

  it('takes nothing back of what has changed since it was applied', async () => {
    const extra = addingATable('99990101000001-one', [], 'one');
    await fleet(extra).migrate();
    const before = await ledgerOf('shared');

    const attempt = fleet(addingATable(extra.name, [], 'other')).rollback({
      list: 'tenant',
      loseData: true,
    });

    await expect(attempt).rejects.toThrow(MigrationChanged);
    expect(await ledgerOf('shared')).toEqual(before);
  });

  it('to a migration takes all back that came after it', async () => {
    const one = addingATable('99990101000001-one', [], 'one');
    const two = addingATable('99990101000002-two', [], 'two');
    await fleet(one, two).migrate();

    const { outcomes } = await fleet(one, two).rollback({
      list: 'tenant',
      to: migrationLists.tenant.at(-1)!.name,
      loseData: true,
    });

    expect(outcomes).toMatchObject([{ target: 'shared', migrations: [two.name, one.name] }]);
    expect(
      await query(`select to_regclass('shared.one') as one, to_regclass('shared.two') as two`),
    ).toEqual([{ one: null, two: null }]);
  });
});

describe('the migration to the lifecycle of tenants', () => {
  it('has tenants completed that the version before left in the middle, and can be taken back', async () => {
    const [initial] = migrationLists.catalog;
    await fleet().migrate();
    await fleet().rollback({ list: 'catalog', to: initial!.name, loseData: true });
    await query(
      `insert into catalog.tenant select gen_random_uuid(), now(), now(), status, status, null, status, 'free', '{}', '{}', id
       from catalog.placement, unnest(array['provisioning', 'active']) status`,
    );

    await fleet().migrate();

    expect(
      await query(
        `select slug, kind, step, o.status from catalog.tenant_operation o join catalog.tenant t on t.id = o.tenant_id`,
      ),
    ).toEqual([{ slug: 'provisioning', kind: 'provision', step: 'catalog', status: 'pending' }]);
    const back = await fleet().rollback({ list: 'catalog', to: initial!.name, loseData: true });
    expect(back.outcomes).toMatchObject([{ status: 'rolled-back' }]);
    expect((await fleet().migrate()).outcomes).toMatchObject([{ status: 'migrated' }]);
  });
});

describe('the migrations to addresses in lower case', () => {
  const TENANTS = ['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'];
  /** As the build before writes them: with ids that collide. */
  const write = async (n: number): Promise<void> => {
    for (const tenant of TENANTS) {
      await query(
        `insert into shared.member (tenant_id, id, created_at, updated_at, email, name)
         values (?, ?, now(), now(), ?, 'Ada')`,
        [tenant, `01900000-0000-7000-8000-00000000001${n}`, `Ada${n}@Example.com`],
      );
    }
  };
  const addresses = (): Promise<object[]> =>
    query('select email, email_lower from shared.member order by email, tenant_id');

  it('fill them in where there are members, and leave the build before alone', async () => {
    await fleet().migrate();
    await fleet().rollback({
      list: 'tenant',
      to: '20261126205304-task-project-index',
      loseData: true,
    });
    await write(1);

    const { outcomes } = await fleet().migrate();
    await write(2);

    expect(outcomes).toMatchObject([{ target: 'shared', status: 'migrated' }]);
    const filled = { email: 'Ada1@Example.com', email_lower: 'ada1@example.com' };
    const empty = { email: 'Ada2@Example.com', email_lower: null };
    expect(await addresses()).toEqual([filled, filled, empty, empty]);
    expect(
      await query(
        `select convalidated as validated from pg_constraint
         where conrelid = 'shared.member'::regclass and conname = 'member_email_lower_check'`,
      ),
    ).toEqual([{ validated: true }]);
  });
});

describe('a login with rights that the app must not have', () => {
  it.each(['superuser', 'bypassrls', 'inherit'])(
    '%s is refused, saying what to run',
    async (attribute) => {
      const login = `tenantry_test_${attribute}`;
      await query(
        `create role ${login} login ${attribute === 'inherit' ? '' : 'noinherit'} ${attribute} password 'x'`,
      );
      const url = new URL(config.database.url);
      url.username = login;

      const attempt = new FleetMigrator(owner, { url: url.href }).migrate();

      await expect(attempt).rejects.toThrow(ServerNotPrepared);
      await expect(attempt).rejects.toThrow(`alter role "${login}" no${attribute}`);
      await query(`drop role ${login}`);
    },
  );
});

describe('a migrator that may not make roles', () => {
  it('says what an administrator has to run, without the password', async () => {
    await query(`create role tenantry_test_weak login password 'x'`);
    const url = new URL(config.ownerUrl);
    url.username = 'tenantry_test_weak';
    url.password = 'x';
    const app = new URL(config.database.url);
    app.username = 'tenantry_test_missing';
    app.password = 'secret-password';
    const weak = createOwnerOrm(url.href, config.database);

    const attempt = new FleetMigrator(weak, { url: app.href }).migrate();

    await expect(attempt).rejects.toThrow(ServerNotPrepared);
    await expect(attempt).rejects.toThrow('create role "tenantry_test_missing" login noinherit');
    await expect(attempt).rejects.not.toThrow('secret-password');
    await weak.close();
    await query('drop role tenantry_test_weak');
  });
});
