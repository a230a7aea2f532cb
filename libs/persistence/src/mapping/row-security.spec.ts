import pg from 'pg';
import { email, Member, newId, Project, projectKey } from '@tenantry/domain';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import { tenantMappings } from './mappings.ts';

/**
 * The database's own ring: SQL as the app's role, without repositories and filters. Each check of it stands beside the
 * same thing done without the ring, which leaks.
 */
let persistence: Persistence;
const memberId = newId<'Member'>();
const projectId = newId<'Project'>();
const globexOnly = newId<'Member'>();

beforeAll(async () => {
  persistence = await startPersistence();
  for (const tenant of tenants) {
    await persistence.as(tenant, async () => {
      persistence.members.add(
        new Member({ id: memberId, email: email('ada@example.com'), name: tenant.slug }),
      );
      const project = new Project({ id: projectId, key: projectKey('ONE'), name: tenant.slug });
      project.addTask({ title: tenant.slug });
      persistence.projects.add(project);
    });
  }
  await persistence.as(globex, async () => {
    persistence.members.add(
      new Member({ id: globexOnly, email: email('bob@example.com'), name: 'bob' }),
    );
  });
});

afterAll(() => persistence.stop());

const asTenant = <T extends object[]>(
  sql: string,
  parameters: unknown[] = [],
  tenant = acme,
): Promise<T> =>
  persistence.as(tenant, () => persistence.entityManager.execute<T>(sql, parameters));

describe('SQL without any condition', () => {
  const everything = 'select name from shared.member order by name';

  it('reads the tenant’s rows only; without the ring, everybody’s', async () => {
    expect(await asTenant(everything)).toEqual([{ name: 'acme' }]);
    expect(await persistence.asOwner(everything)).toEqual([
      { name: 'acme' },
      { name: 'bob' },
      { name: 'globex' },
    ]);
  });

  it('changes and deletes the tenant’s rows only', async () => {
    await asTenant(`update shared.task set title = 'changed'`);
    await asTenant('delete from shared.project where id = ?', [newId()]);
    await asTenant('delete from shared.member where id = ?', [globexOnly]);

    expect(await persistence.asOwner('select title from shared.task order by title')).toEqual([
      { title: 'changed' },
      { title: 'globex' },
    ]);
    expect(
      await persistence.asOwner('select 1 as there from shared.member where id = ?', [globexOnly]),
    ).toHaveLength(1);
  });

  it.each([
    ['a tenant among others', acme, initech.schema],
    ['a tenant with a placement of its own', initech, 'shared'],
  ])('of %s may not even name the tables of another placement', async (_who, tenant, schema) => {
    await expect(asTenant(`select * from "${schema}".member`, [], tenant)).rejects.toMatchObject({
      code: '42501',
    });
    expect(await persistence.asOwner(`select name from "${schema}".member`)).not.toHaveLength(0);
  });
});

describe('a row under another tenant’s id', () => {
  it('cannot be inserted', async () => {
    const attempt = asTenant(
      `insert into shared.member (tenant_id, id, created_at, updated_at, email, name) values (?, ?, now(), now(), 'x', 'x')`,
      [globex.id, newId()],
    );

    await expect(attempt).rejects.toThrow('new row violates row-level security policy');
  });

  it('cannot come about by giving one away', async () => {
    const attempt = asTenant('update shared.member set tenant_id = ?', [globex.id]);

    await expect(attempt).rejects.toThrow('new row violates row-level security policy');
  });
});

describe('a reference to another tenant’s row', () => {
  it('is refused like one to a row that nobody has: the keys have the tenant in them', async () => {
    const assign = (assignee: string): Promise<unknown> =>
      asTenant('update shared.task set assignee_id = ?', [assignee]).catch(
        (error: unknown) => error,
      );

    const [foreign, nobodys] = [await assign(globexOnly), await assign(newId())];

    expect(foreign).toMatchObject({ kind: 'conflict', code: 'reference' });
    expect(foreign).toEqual(nobodys);
  });
});

describe('a session that has taken the role but names no tenant', () => {
  it('gets an error from the policies, and no empty result, whether it is fresh or used', async () => {
    const client = new pg.Client({ connectionString: persistence.config.database.url });
    await client.connect();
    const read = (): Promise<unknown> =>
      client
        .query('set role tenantry_shared; select * from shared.member')
        .finally(() => client.query('rollback'));

    await expect(read()).rejects.toMatchObject({ code: '42704' });
    await client.query(`begin; set local app.tenant_id = '${acme.id}'; commit`);
    await expect(read()).rejects.toMatchObject({ code: '22P02' });
    await client.end();
  });
});

describe('every table of a tenant-owned class', () => {
  const tables = tenantMappings.map(({ meta }) => meta.tableName);

  it.each(tables)(
    '%s has forced row security, one strict policy, and the tenant first in its keys',
    async (table) => {
      const [state] = await persistence.asOwner<
        { forced: boolean; policies: unknown; keys: string[] }[]
      >(
        `select c.relrowsecurity and c.relforcerowsecurity as forced,
         (select json_agg(json_build_array(cmd, permissive, qual, with_check)) from pg_policies where schemaname = 'shared' and tablename = c.relname and roles = '{public}') as policies,
         (select array_agg(distinct a.attname::text) from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
           where i.indrelid = c.oid and i.indisunique) as keys
       from pg_class c where c.oid = ('shared.' || ?)::regclass`,
        [table],
      );

      const own = `(tenant_id = (current_setting('app.tenant_id'::text))::uuid)`;
      expect(state).toEqual({
        forced: true,
        policies: [['ALL', 'PERMISSIVE', own, own]],
        keys: ['tenant_id'],
      });
    },
  );

  it('has no policy for a role of its own, but that of the relay on the outbox', async () => {
    const policies = await persistence.asOwner(
      `select tablename, policyname, roles::text[], cmd from pg_policies
       where schemaname = 'shared' and roles <> '{public}'`,
    );

    expect(policies).toEqual([
      { tablename: 'outbox_event', policyname: 'relay', roles: ['tenantry_relay'], cmd: 'SELECT' },
    ]);
  });
});

describe('the app’s login', () => {
  it('is no superuser, owns nothing, bypasses nothing and inherits nothing', async () => {
    const [login] = await persistence.asOwner(
      `select rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb,
         (select count(*)::int from pg_class where relowner = r.oid) as owns
       from pg_roles r where rolname = 'tenantry_app'`,
    );

    expect(login).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolinherit: false,
      rolcreaterole: false,
      rolcreatedb: false,
      owns: 0,
    });
  });

  it.each([
    'truncate shared.member',
    'create table shared.mine ()',
    'create temporary table mine ()',
    'alter table shared.member disable row level security',
  ])('cannot %s', async (sql) => {
    await expect(asTenant(sql)).rejects.toMatchObject({ code: '42501' });
  });
});
