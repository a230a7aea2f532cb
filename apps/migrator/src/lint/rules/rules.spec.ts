import { lint } from '../lint.ts';
import {
  describeRules,
  KEYED,
  NOTE,
  planted,
  policy,
  rulesBrokenBy,
  STRICT,
} from '../testing/planted.ts';

const without = (part: string): string[] => NOTE.filter((statement) => !statement.includes(part));

/** A table of its own for each, which has no other policy. */
const withPolicy = (policies: Record<string, string>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(policies).map(([what, sql]) => [what, [...without('create policy'), sql]]),
  );

describeRules([
  [
    'hard-coded-schema',
    {
      'a table': ['delete from shared.task where tenant_id is null'],
      'a query': ['create view v with (security_invoker) as select 1 from public.task'],
      'a type': ['alter table task add column mail public.citext'],
      'a function': ['alter table task add constraint c check (public.ok(title)) not valid'],
      'a function that is made': ['create function public.f() returns int return 1'],
      'an index that is dropped': ['drop index concurrently shared.task_idx'],
      'a policy that is dropped': ['drop policy other on shared.task'],
      'a comment': [`comment on table shared.task is 'x'`],
      'a comment on a column': [`comment on column shared.task.title is 'x'`],
      'a column': ['select shared.task.title from task'],
      'a sequence in a text': [`select nextval('shared.counter')`],
      'a cast': [`select 'shared.task'::regclass`],
      'a schema that is made': ['create schema other'],
      'a schema that is dropped': ['drop schema other'],
      'a move': ['alter table task set schema other'],
      'a search path': ['set local search_path to shared'],
      'a function with a search path': [
        'create function f() returns int set search_path to shared return 1',
      ],
      'a right': ['grant usage on schema shared to someone'],
      'rights on all': ['grant select on all tables in schema shared to someone'],
      'default rights': ['alter default privileges in schema shared grant select on tables to a'],
    },
    [
      'delete from task where task.tenant_id is null',
      `select 'task'::regclass, pg_catalog.now(), 1 operator(pg_catalog.+) 1`,
      'create function f() returns int set search_path from current return 1',
      'drop policy other on task',
      policy('task'),
      `comment on column task.title is 'x'`,
    ],
  ],
  [
    'tenant-column',
    {
      'a table without it': ['create table note (id uuid primary key)'],
      'one of another type': ['create table note (tenant_id text not null, id uuid)'],
      'one that may be null': ['create table note (tenant_id uuid, id uuid)'],
      'a table of a query': ['create table note as select * from task'],
      'one of select into': ['select * into note from task'],
      'one that is dropped': ['alter table task drop column tenant_id'],
      'one that may be null from now on': ['alter table task alter tenant_id drop not null'],
      'one of another type from now on': ['alter table task alter tenant_id type text'],
      'one that is renamed': ['alter table task rename tenant_id to owner_id'],
    },
    NOTE,
  ],
  [
    'row-security',
    {
      'a table that has none': without('enable'),
      'one that has none in the end': [...NOTE, 'alter table note disable row level security'],
      'one that had it': ['alter table task disable row level security'],
    },
    ['alter table task disable row level security', 'alter table task enable row level security'],
  ],
  [
    'row-security-forced',
    {
      'a table without it': without('force'),
      'one that had it': ['alter table task no force row level security'],
    },
    NOTE,
  ],
  [
    'policy',
    {
      'a table without one': without('create policy'),
      ...withPolicy({
        'one for some commands': `create policy p on note for select using (${STRICT})`,
        'one that forgives': 'create policy p on note using (true) with check (true)',
        'one that shows all': `create policy p on note using (true) with check (${STRICT})`,
        'one that checks nothing': `create policy p on note using (${STRICT}) with check (true)`,
        'one that says no check': `create policy p on note using (${STRICT})`,
        'one for a role': policy('note').replace('using', 'to someone using'),
        'one for one command': policy('note').replace('using', 'for update using'),
        'one with or': policy('note').replaceAll(STRICT, `${STRICT} or is_public`),
        'one that only restricts': policy('note').replace('using', 'as restrictive using'),
      }),
      'one more that forgives': ['create policy p on task for select using (true)'],
      'two of them': [...NOTE, policy('note').replace('tenant_isolation', 'again')],
      'a second one on a table that is there': [
        policy('task').replace('tenant_isolation', 'again'),
      ],
      'one that is changed': ['alter policy tenant_isolation on task using (true)'],
      'one that is dropped': ['drop policy tenant_isolation on task'],
      'the relay’s on another table': [
        'create policy relay on task for select to tenantry_relay using (true)',
      ],
    },
    [
      ...NOTE,
      `create policy less on task as restrictive using (title <> '')`,
      'create policy relay on outbox_event for select to tenantry_relay using (true)',
      'drop policy tenant_isolation on task',
      policy('task'),
      'drop policy less on task',
      'drop policy relay on outbox_event',
    ],
  ],
  [
    'primary-key',
    {
      'a table without one': ['create table note (tenant_id uuid not null, id uuid not null)'],
      'one of one column': ['create table note (tenant_id uuid not null, id uuid primary key)'],
      'one in another order': [
        'create table note (tenant_id uuid not null, id uuid, primary key (id, tenant_id))',
      ],
      'one that is added': ['alter table task add primary key (id)'],
      'one of an index in another order': [
        'create unique index k on task (id, tenant_id)',
        'alter table task add constraint task_pkey primary key using index k',
      ],
      'one of an index without it': [
        'create table note (tenant_id uuid not null, id uuid not null)',
        'create unique index "K" on note (id)',
        'alter table note add primary key using index "K"',
      ],
      'one of an index that is made elsewhere': [
        'create unique index other on task (tenant_id, id)',
        'alter table task add primary key using index k',
      ],
      'one of an index that may be there already': [
        'create unique index if not exists k on task (tenant_id, id)',
        'alter table task add primary key using index k',
      ],
    },
    [
      'create table note (tenant_id uuid not null, id uuid not null)',
      'alter table note add primary key (tenant_id, id)',
      'create unique index k on task (tenant_id, id)',
      'alter table task drop constraint task_pkey, add primary key using index k',
      'create unique index u on task (project_id, tenant_id)',
      'alter table task add constraint u unique using index u',
      'create table part partition of note for values in (1)',
    ],
  ],
  [
    'unique-key',
    {
      'an index': ['create unique index k on task (title)'],
      'an index that includes it': ['create unique index k on task (title) include (tenant_id)'],
      'an index on an expression': ['create unique index k on task (lower(title))'],
      'a constraint': ['alter table task add constraint k unique (title)'],
      'a column': ['alter table task add column code text unique'],
      'a column of a table': [`create table note (${KEYED}, code text unique)`],
      'an exclusion': ['alter table task add constraint k exclude using gist (title with =)'],
    },
    [
      'create unique index k on task (tenant_id, lower(title))',
      'create index i on task (title)',
      'alter table task add constraint k unique using index k',
      'alter table task add constraint e exclude using gist (tenant_id with =, title with =)',
    ],
  ],
  [
    'foreign-key',
    {
      'of one column': ['alter table task add foreign key (project_id) references project (id)'],
      'with a column': ['alter table task add column a uuid references project'],
      'of a column of a table': [`create table note (${KEYED}, task_id uuid references task (id))`],
      'the tenant in another place': [
        'alter table task add foreign key (tenant_id, a) references project (id, tenant_id)',
      ],
      'the primary key by itself': [
        'alter table task add foreign key (tenant_id) references project',
      ],
    },
    [
      'alter table task add foreign key (tenant_id, a) references project (tenant_id, id) not valid',
      'alter table task add foreign key (a, tenant_id) references project (id, tenant_id) not valid',
      'alter table task add foreign key (tenant_id, a) references project not valid',
    ],
  ],
  [
    'view',
    {
      'as its owner': ['create view v as select * from task'],
      'said to be so': ['create view v with (security_invoker = false) as select * from task'],
      'with another option': ['create view v with (security_barrier) as select * from task'],
      'made again': ['create or replace view v as select * from task'],
      'from now on': ['alter view v set (security_invoker = off)'],
      'by reset': ['alter view v reset (security_invoker)'],
    },
    [
      'create view v with (security_invoker) as select * from task',
      'create view w with (security_invoker = 1) as select * from task',
      'create view x with (security_invoker = on) as select * from task',
      'alter view v set (security_invoker = true)',
      'alter view v set (security_barrier = true)',
      'alter view v reset (security_barrier)',
    ],
  ],
  [
    'materialized-view',
    { 'of a table': ['create materialized view v as select * from task'] },
    ['create view v with (security_invoker) as select * from task'],
  ],
  [
    'truncate-grant',
    {
      'by name': ['grant select, truncate on task to someone'],
      'among all': ['grant all on task to someone'],
      'on all tables': ['grant all privileges on all tables in schema x to someone'],
      'by default': ['alter default privileges grant all on tables to someone'],
    },
    [
      'grant select, insert, update, delete on task to someone',
      'revoke all on task from someone',
      'grant all on sequence counter to someone',
    ],
  ],
  [
    'table-rewrite',
    {
      unlogged: ['alter table task set unlogged'],
      logged: ['alter table task set logged'],
      'another tablespace': ['alter table task set tablespace fast'],
      'another access method': ['alter table task set access method other'],
      serial: ['alter table task add column n bigserial'],
      cluster: ['cluster task using task_pkey'],
      'full vacuum': ['vacuum full task'],
      'a refresh': ['refresh materialized view v'],
    },
    [
      ...NOTE,
      'alter table note set unlogged',
      'alter table task add column n bigint',
      'vacuum task',
    ],
  ],
  [
    'not-in-transaction',
    {
      'an index': ['create index concurrently i on task (tenant_id, title)'],
      'an index that is dropped': ['drop index concurrently i'],
      'an index that is made anew': ['reindex index concurrently i'],
      'a partition': ['alter table task detach partition old concurrently'],
      vacuum: ['vacuum task'],
    },
    ['create index i on task (tenant_id, title)', 'analyze task', 'reindex index i'],
  ],
  [
    'opaque-code',
    {
      'a block': [`do $$ begin delete from shared.task; end $$`],
      'a function': [`create function f() returns int language sql as 'select 1'`],
    },
    ['create function f() returns int language sql begin atomic select 1; end'],
  ],
  ['syntax-error', { 'a word too few': ['alter table'] }, ['alter table task add column a text']],
]);

describe('a migration of the catalog', () => {
  it.each([
    'create table other (id uuid primary key)',
    'alter table tenant add column a text',
    'drop table tenant',
    'drop index tenant_slug_key',
    'grant select on tenant to tenantry_reader',
    'insert into tenant (id) select id from catalog.placement',
  ])('names its schema, and does not in: %s', async (sql) => {
    expect(await rulesBrokenBy('catalog', [sql])).toContain('unqualified-name');
  });

  it('goes nowhere else', async () => {
    expect(await rulesBrokenBy('catalog', ['delete from shared.task where true'])).toEqual([
      'hard-coded-schema',
    ]);
  });

  it('has tables of all tenants, and may name what its query makes', async () => {
    expect(
      await rulesBrokenBy(
        'catalog',
        [
          'create table catalog.region (name text primary key, code text unique)',
          `with old as (select id from catalog.tenant) delete from catalog.tenant t using old where t.id = old.id`,
          'drop table if exists catalog.unused',
        ].slice(0, 2),
      ),
    ).toEqual([]);
  });
});

describe('a primary key of an index that is not seen', () => {
  it('says so', async () => {
    const up = ['alter table task add primary key using index k'];

    const findings = await lint('tenant', planted(up));

    expect(findings.filter(({ rule }) => rule === 'primary-key')).toEqual([
      {
        rule: 'primary-key',
        message: expect.stringContaining('index k, which this migration does not make') as string,
        statement: up[0],
      },
    ]);
  });
});
