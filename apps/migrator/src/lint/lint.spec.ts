import { compileWithoutServer } from '@tenantry/persistence';
import { lint, lintAll } from './lint.ts';
import { NOTE, planted, rulesBrokenBy } from './testing/planted.ts';

it('the migrations of this build have nothing that is not accepted with a reason', async () => {
  const linted = await lintAll(await compileWithoutServer());

  expect(linted.length).toBeGreaterThan(6);
  expect(linted.filter(({ findings }) => findings.length > 0)).toEqual([]);
});

it('a table that is made as it should be breaks no rule, and neither does what is built on it', async () => {
  expect(
    await rulesBrokenBy('tenant', [
      ...NOTE,
      'create unique index note_key on note (tenant_id, lower(body))',
      'alter table note add constraint note_body_key unique (tenant_id, body)',
      `alter table note add constraint note_task_fkey foreign key (tenant_id, task_id) references task (tenant_id, id)`,
      'alter table note add column length int generated always as (length(body)) stored',
      'alter table note alter column body set not null',
      `alter table note add constraint note_body_check check (body <> '')`,
      'create view short_note with (security_invoker = true) as select * from note',
    ]),
  ).toEqual([]);
});

describe('a migration that is no single transaction', () => {
  it('makes indexes concurrently', async () => {
    const up = ['create index concurrently i on task (tenant_id, title)'];

    expect(await rulesBrokenBy('tenant', up, { isTransactional: false })).toEqual([]);
  });
});

describe('a migration that contracts', () => {
  it('takes away, which one that expands may not', async () => {
    const up = ['alter table task drop column title', 'drop table note'];

    expect(await rulesBrokenBy('tenant', up, { kind: 'contract' })).toEqual([]);
    expect(await rulesBrokenBy('tenant', up)).toEqual(['ban-drop-column', 'ban-drop-table']);
  });
});

describe('what a migration accepts', () => {
  const up = ['alter table task alter column number type bigint'];
  const rule = 'changing-column-type';

  it('is no finding any more', async () => {
    expect(await rulesBrokenBy('tenant', up, { accepts: { [rule]: 'it is small' } })).toEqual([]);
  });

  it('has a reason', async () => {
    expect(await rulesBrokenBy('tenant', up, { accepts: { [rule]: ' ' } })).toEqual([
      'exception-without-reason',
    ]);
  });

  it.each(['table-rewrite', 'no-such-rule', 'toString'])(
    'has been found, which %s has not',
    async (other) => {
      const accepts = { [rule]: 'it is small', [other]: 'just in case' };

      expect(await rulesBrokenBy('tenant', up, { accepts })).toEqual(['needless-exception']);
    },
  );

  it('is never what cannot be read', async () => {
    const accepts = { 'syntax-error': 'it works for me', 'squawk-syntax-error': 'for me too' };

    expect(await rulesBrokenBy('tenant', ['alter table'], { accepts })).toContain('syntax-error');
  });

  it('is said in the migration, and not in a comment for squawk', async () => {
    expect(await rulesBrokenBy('tenant', [`-- squawk-ignore ${rule}\n${up[0] ?? ''}`])).toEqual([
      rule,
    ]);
    expect(await rulesBrokenBy('tenant', [`-- squawk-ignore-file\n${up[0] ?? ''}`])).toEqual([
      rule,
    ]);
  });
});

describe('a finding', () => {
  it('says in which statement it is, however many lines that has', async () => {
    const up = [
      `create function f() returns text\n begin atomic\n  select 'a\n b';\n end;`,
      'alter table task\n  alter column number\n    type bigint',
      'drop index i -- no more',
    ];

    const findings = await lint('tenant', planted(up));

    expect(findings.map(({ rule, statement }) => [rule, statement])).toEqual([
      ['changing-column-type', up[1]],
      ['require-concurrent-index-deletion', up[2]],
    ]);
  });
});
