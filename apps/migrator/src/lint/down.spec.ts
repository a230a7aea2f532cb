import { lint } from './lint.ts';
import { NOTE, planted, policy, rulesBrokenBy } from './testing/planted.ts';

/** The rules that are broken by taking a migration back that does nothing wrong itself. */
const brokenByDown = (down: readonly string[], isTransactional = true): Promise<string[]> =>
  rulesBrokenBy('tenant', [], { down, isTransactional });

describe('what takes a migration back', () => {
  it.each<[string, string[]]>([
    ['hard-coded-schema', ['drop table shared.note']],
    ['hard-coded-schema', ['set local search_path to shared']],
    ['opaque-code', ['do $$ begin drop table note; end $$']],
    ['not-in-transaction', ['drop index concurrently i']],
    ['role-change', ['set role tenantry_app']],
    ['security-definer', ['alter function f() security definer']],
    ['rule', ['create rule r as on delete to task do instead nothing']],
    ['tenant-column', ['create table note (id uuid primary key)']],
    ['primary-key', ['create table note (tenant_id uuid not null, id uuid primary key)']],
    ['row-security', ['alter table task disable row level security']],
    ['row-security-forced', ['alter table task no force row level security']],
    ['policy', ['drop policy tenant_isolation on task']],
    ['view', ['create view v as select * from task']],
    ['materialized-view', ['create materialized view v as select * from task']],
    ['truncate-grant', ['grant all on task to someone']],
    ['unique-key', ['alter table task add constraint k unique (title)']],
    ['foreign-key', ['alter table task add foreign key (project_id) references project (id)']],
    ['syntax-error', ['drop']],
  ])('breaks %s by: %j', async (rule, down) => {
    expect(await brokenByDown(down)).toContain(rule);
  });

  it('names the schema of the catalog, where it is one of the catalog', async () => {
    const more = { down: ['drop table tenant'] };

    expect(await rulesBrokenBy('catalog', [], more)).toEqual(['unqualified-name']);
  });

  it('takes away and keeps others waiting: that is what it is for', async () => {
    expect(
      await brokenByDown([
        'drop index i',
        'alter table task drop column title',
        'alter table task alter column number type int',
        'alter table task add constraint c check (number > 0)',
        'drop table note',
      ]),
    ).toEqual([]);
  });

  it('puts back what it takes off, and need not where the table goes', async () => {
    const off = (table: string): string[] => [
      `alter table ${table} no force row level security`,
      `alter table ${table} disable row level security`,
      `drop policy tenant_isolation on ${table}`,
    ];

    expect(
      await brokenByDown([
        ...off('task'),
        'alter table task enable row level security',
        'alter table task force row level security',
        policy('task'),
        ...off('note'),
        'drop table if exists "note" cascade',
      ]),
    ).toEqual([]);
    expect(await brokenByDown(['drop table note', ...NOTE.slice(0, 1)])).toEqual([
      'policy',
      'row-security',
      'row-security-forced',
    ]);
  });

  it('drops indexes concurrently, where it is no transaction', async () => {
    expect(await brokenByDown(['drop index concurrently i'], false)).toEqual([]);
  });

  it('may not be there', async () => {
    expect(await rulesBrokenBy('tenant', NOTE, { down: null })).toEqual([]);
  });

  it('is named in what is found in it, and is accepted by rule as the rest', async () => {
    const down = ['drop table shared.note'];
    const accepts = { 'hard-coded-schema': 'planted' };

    expect(await lint('tenant', planted([], { down }))).toEqual([
      {
        rule: 'hard-coded-schema',
        message: expect.stringMatching(/^In down\(\): It names the schema shared/) as string,
        statement: down[0],
      },
    ]);
    expect(await rulesBrokenBy('tenant', [], { down, accepts })).toEqual([]);
  });

  it('is named where it cannot be read', async () => {
    const [finding] = await lint('tenant', planted([], { down: ['drop'] }));

    expect(finding?.message).toMatch(/^In down\(\): PostgreSQL says: /);
  });
});
