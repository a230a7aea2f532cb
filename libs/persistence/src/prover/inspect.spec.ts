import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { initech, type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { CHECKS } from './checks.ts';
import type { Finding } from './finding.ts';
import { inspect } from './inspect.ts';
import { rolledBack } from './rolled-back.ts';

const LOGIN = 'tenantry_app';
const OWN = `tenant_id = current_setting('app.tenant_id')::uuid`;

let persistence: Persistence;
let owner: MikroORM;

beforeAll(async () => {
  persistence = await startPersistence();
  owner = createOwnerOrm(persistence.config.ownerUrl, persistence.config.database);
  await owner.em
    .fork()
    .execute(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', ?)`,
      [initech.schema],
    );
});

afterAll(async () => {
  await owner.close();
  await persistence.stop();
});

/** What is found after the SQL has been run, but for the minor version, which is not of the database's making. */
async function findingsAfter(sql: string): Promise<Finding[]> {
  return rolledBack(owner.em.fork(), async (transaction) => {
    await transaction.execute(sql);
    return inspected(transaction);
  });
}

async function inspected(entityManager: EntityManager): Promise<Finding[]> {
  const found = await inspect(entityManager, LOGIN, { production: false, allowOldServer: false });
  return found.filter(({ check }) => check !== 'server-version');
}

/** A sound table, to be spoiled. */
const SOUND = `create table shared.note (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
  alter table shared.note enable row level security; alter table shared.note force row level security;
  create policy tenant_isolation on shared.note using (${OWN}) with check (${OWN});`;

describe('a database as the migrator makes it', () => {
  it('has nothing to be found, by the owner or by the app', async () => {
    expect(await inspected(owner.em.fork())).toEqual([]);
    expect(
      await persistence.context.runAsOperator('a test', () => inspected(persistence.entityManager)),
    ).toEqual([]);
  });

  it('has nothing to be found either with a table more that is sound', async () => {
    expect(await findingsAfter(SOUND)).toEqual([]);
  });
});

/** Name of the check, SQL that violates it, the object to be named. */
const violations: readonly (readonly [check: string, sql: string, where: string])[] = [
  ['tenant-column', 'create table shared.note (id uuid primary key)', 'shared.note'],
  [
    'primary-key',
    `${SOUND} alter table shared.note drop constraint note_pkey;
    alter table shared.note add primary key (id, tenant_id); create index on shared.note (tenant_id)`,
    'shared.note',
  ],
  ['row-security', 'alter table shared.task disable row level security', 'shared.task'],
  ['row-security-forced', 'alter table shared.task no force row level security', 'shared.task'],
  [
    'row-security',
    `create table shared.part (like shared.note_parent including all) inherits (shared.note_parent);
    alter table shared.part force row level security;
    create policy tenant_isolation on shared.part using (${OWN}) with check (${OWN})`,
    'shared.part',
  ],
  ['policy', 'drop policy tenant_isolation on shared.member', 'shared.member'],
  [
    'policy',
    'create policy relay on shared.member for select to tenantry_relay using (true)',
    'shared.member',
  ],
  [
    'policy',
    'create policy more on shared.outbox_event for update to tenantry_relay using (true)',
    'shared.outbox_event',
  ],
  ['grant', 'grant select on shared.outbox_event to tenantry_relay', 'shared.outbox_event'],
  [
    'grant',
    'grant select (data) on shared.outbox_event to tenantry_relay',
    'shared.outbox_event(data)',
  ],
  [
    'grant',
    'grant update (due_at) on shared.outbox_event to tenantry_relay',
    'shared.outbox_event(due_at)',
  ],
  ['grant', 'grant select (name) on shared.member to tenantry_relay', 'shared.member(name)'],
  ['policy', 'create policy more on shared.member for select using (true)', 'shared.member'],
  ['policy', 'alter policy tenant_isolation on shared.member to tenantry_shared', 'shared.member'],
  [
    'policy',
    `alter policy tenant_isolation on shared.member using (${OWN} or true)`,
    'shared.member',
  ],
  ['policy', 'alter policy tenant_isolation on shared.member with check (true)', 'shared.member'],
  [
    'policy',
    `alter policy tenant_isolation on shared.member using (tenant_id = current_setting('app.tenant_id', true)::uuid)`,
    'shared.member',
  ],
  [
    'policy',
    `alter policy tenant_isolation on shared.member using (id = current_setting('app.tenant_id')::uuid)`,
    'shared.member',
  ],
  ['unique-key', 'create unique index on shared.member (email)', 'shared.member'],
  [
    'unique-key',
    'create unique index on shared.member (email) include (tenant_id)',
    'shared.member',
  ],
  [
    'unique-key',
    'alter table shared.member add exclude using btree (email with =)',
    'shared.member',
  ],
  [
    'foreign-key',
    `${SOUND} create unique index note_id on shared.member (id, tenant_id);
    alter table shared.note add column member_id uuid;
    alter table shared.note add foreign key (tenant_id, member_id) references shared.member (id, tenant_id)`,
    'shared.note',
  ],
  [
    'foreign-key',
    'alter table shared.member add foreign key (tenant_id) references catalog.tenant (id)',
    'shared.member',
  ],
  [
    'foreign-table',
    `create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
    create foreign table shared.far (tenant_id uuid not null) server nowhere`,
    'shared.far',
  ],
  ['view', 'create view public.members as select * from shared.member', 'members'],
  [
    'view',
    'create view public.members with (security_invoker = false) as select * from catalog.tenant',
    'public.members',
  ],
  [
    'view',
    `create view public.inner_one with (security_invoker = true) as select * from shared.member;
    create view public.outer_one as select * from public.inner_one`,
    'public.outer_one',
  ],
  [
    'materialized-view',
    'create materialized view public.members as select * from shared.member',
    'public.members',
  ],
  [
    'rule',
    'create rule spy as on insert to shared.member do also notify spy',
    'spy on shared.member',
  ],
  [
    'security-definer',
    `create function public.all_members() returns bigint language sql security definer as 'select count(*) from shared.member'`,
    'public.all_members()',
  ],
  [
    'trigger',
    `create function public.spy() returns trigger language plpgsql security definer as 'begin return new; end';
    revoke execute on function public.spy() from public;
    create trigger spy before insert on shared.member for each row execute function public.spy()`,
    'spy on shared.member',
  ],
  ['publication', 'create publication everything for table shared.member', 'everything'],
  ['publication', 'create publication everything for all tables', 'everything'],
  ['grant', 'grant truncate on shared.member to tenantry_shared', 'shared.member'],
  ['grant', 'grant references on shared.member to tenantry_shared', 'shared.member'],
  ['grant', 'grant trigger on shared.member to tenantry_shared', 'shared.member'],
  ['grant', 'grant select on shared.member to tenantry_shared with grant option', 'shared.member'],
  [
    'grant',
    `grant select on "${initech.schema}".member to tenantry_shared`,
    `${initech.schema}.member`,
  ],
  ['grant', 'grant select on shared.member to public', 'shared.member'],
  ['grant', 'grant select on shared.member to tenantry_operator', 'shared.member'],
  ['grant', 'grant select (email) on shared.member to tenantry_tenant', 'shared.member(email)'],
  ['grant', 'grant usage on schema shared to public', 'shared'],
  ['grant', 'grant create on schema shared to tenantry_shared', 'shared'],
  ['grant', 'grant create on schema public to public', 'public'],
  [
    'grant',
    'create sequence shared.counter; grant usage on sequence shared.counter to tenantry_shared',
    'shared.counter',
  ],
  ['grant', 'grant select on catalog.migration to tenantry_tenant', 'catalog.migration'],
  ['grant', 'grant select on catalog.tenant to public', 'catalog.tenant'],
  [
    'grant',
    `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
    'database',
  ],
  ['role-attribute', `alter role ${LOGIN} superuser`, LOGIN],
  ['role-attribute', `alter role ${LOGIN} bypassrls`, LOGIN],
  ['role-attribute', `alter role ${LOGIN} inherit`, LOGIN],
  ['role-attribute', 'alter role tenantry_shared createrole', 'tenantry_shared'],
  ['role-membership', `grant tenantry_owner to ${LOGIN}`, LOGIN],
  ['role-membership', `grant pg_read_all_data to tenantry_shared`, 'tenantry_shared'],
  ['role-membership', `grant tenantry_operator to tenantry_shared`, 'tenantry_shared'],
  ['role-owner', `create schema its_own authorization ${LOGIN}`, LOGIN],
  ['preset-scope', `alter role ${LOGIN} set app.tenant_id = '0'`, LOGIN],
  [
    'catalog-row-security',
    'alter table catalog.placement no force row level security',
    'catalog.placement',
  ],
  [
    'catalog-row-security',
    'create policy all_of_them on catalog.tenant using (true)',
    'catalog.tenant',
  ],
  [
    'unknown-placement',
    `create schema t_left_over; create table t_left_over.note (tenant_id uuid not null, id uuid, primary key (tenant_id, id));
    alter table t_left_over.note enable row level security; alter table t_left_over.note force row level security;
    create policy tenant_isolation on t_left_over.note using (${OWN}) with check (${OWN})`,
    't_left_over',
  ],
];

const PARENT = `create table shared.note_parent (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
  alter table shared.note_parent enable row level security; alter table shared.note_parent force row level security;
  create policy tenant_isolation on shared.note_parent using (${OWN}) with check (${OWN});`;

describe('a violation', () => {
  it.each(violations)('of %s is found, and nothing else: %s', async (check, sql, where) => {
    const prepared = sql.includes('note_parent') ? `${PARENT} ${sql}` : sql;

    const found = await findingsAfter(prepared);

    expect(found.map((each) => ({ check: each.check, where: each.where }))).toEqual([
      { check, where: expect.stringContaining(where) as string },
    ]);
  });

  it('has been seen of each check that is made by inspection', () => {
    const seen = new Set(violations.map(([check]) => check));

    expect(Object.keys(CHECKS).filter((check) => !seen.has(check))).toEqual([
      'tenant-index',
      'server-version',
      'pooler',
      'attack',
      'prover-blind',
    ]);
  });

  it('of the lead of a primary key is one of the index too, when there is no other', async () => {
    const found = await findingsAfter(
      `${SOUND} alter table shared.note drop constraint note_pkey; alter table shared.note add primary key (id, tenant_id)`,
    );

    expect(found.map(({ check }) => check)).toEqual(['primary-key', 'tenant-index']);
  });
});

describe('a tenant_id that may be null', () => {
  it('is found beside the primary key that it cannot be in', async () => {
    const found = await findingsAfter(
      `${SOUND} alter table shared.note drop constraint note_pkey; alter table shared.note alter tenant_id drop not null`,
    );

    expect(found.map(({ check }) => check)).toEqual([
      'tenant-column',
      'primary-key',
      'tenant-index',
    ]);
  });
});

describe('something that only takes away', () => {
  it.each([
    `create policy less on shared.member as restrictive using (name <> 'secret')`,
    'create view public.members with (security_invoker = true) as select * from shared.member',
    `create function public.harmless() returns int language sql as 'select 1'`,
    'create table public.plain (id int); grant select on public.plain to public',
  ])('is no violation: %s', async (sql) => {
    expect(await findingsAfter(sql)).toEqual([]);
  });
});
