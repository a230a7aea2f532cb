import { compileWithoutServer } from './compile-without-server.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { CATALOG, type TargetPlan } from './fleet-plan.ts';
import { statementThatMayLose } from './lost-data.ts';
import { planRollback, RollbackRefused } from './rollback.ts';

const compiled = (name: string, ...down: string[]): CompiledMigration => ({
  name,
  kind: 'expand',
  completes: null,
  accepts: {},
  isTransactional: true,
  backfill: null,
  up: [],
  down,
  checksum: '',
});
const target: TargetPlan = {
  name: 't_1',
  list: 'tenant',
  slugs: [],
  failure: null,
  applied: ['1-one', '2-two'],
  pending: [],
  toContract: [],
  ahead: [],
  contracted: [],
  changed: [],
  outOfOrder: [],
};

const plan =
  (...down: string[]) =>
  (): unknown =>
    planRollback(
      [{ ...target, ...CATALOG, applied: [] }, target],
      { catalog: [], tenant: [compiled('1-one'), compiled('2-two', ...down)] },
      { list: 'tenant' },
    );

describe('a step back', () => {
  it.each([
    'drop table "note"',
    'alter table "note" drop column "title"',
    'alter table "note" drop "title"',
    'alter table note\n  add a int,\n  drop title',
    'delete from "note"',
    'truncate "note"',
    'DROP\nTABLE note',
    'drop index "a"; drop table "note"',
    'drop index "a" /* ; */; -- the rest\n delete from "note"',
    'drop materialized view "sums"',
    'drop schema "s"',
    'drop type "mood" cascade',
    'drop domain "size" cascade',
    'drop view "v" cascade',
    'drop function "f"() CASCADE',
    'drop extension "citext" cascade',
    'drop extension "citext"',
    'drop owned by "somebody"',
    'drop sequence "number"',
    'alter table "note" drop constraint "note_key" cascade',
    'alter table "note" alter column "title" type int using title::int',
    'alter table "note" alter "title" set data type varchar(5)',
    'alter table "note" set unlogged',
    'alter table "note" drop not null, drop "null"',
    'alter table "note" drop if exists "constraint"',
    'alter table "note" drop "constraint"',
    'alter table "note" add check (a in (1, 2)), drop title',
    'alter table "note" detach partition "note_1"',
    'alter type "place" drop attribute "town"',
    'alter type "place" alter attribute "town" type int cascade',
    'alter sequence "number" restart',
    'update "note" set title = null',
    'with gone as (delete from "note" returning *) select * from gone',
    'with gone as (delete from "note" returning *) insert into "old" select * from gone',
    'create table "old" as with gone as (delete from "note" returning *) select * from gone',
    'insert into "note" values (1) on conflict (id) do update set title = excluded.title',
    'merge into "note" using "old" on true when matched then delete',
    'select lo_unlink(1)',
    'do $$ begin drop table "note"; end $$',
    'call "clean"()',
    'execute "clean"',
    'nobody knows',
    `it's`,
  ])('that loses rows or columns has to be said: %s', (down) => {
    expect(plan(down)).toThrow(RollbackRefused);
  });

  it('says by which of its statements', () => {
    expect(plan('drop index "a"', 'drop index "b"; truncate "note"')).toThrow(
      'by: truncate "note". Say --lose-data',
    );
  });

  it.each([
    'drop index "note_idx"',
    'alter table "note" drop constraint "note_check"',
    'alter table "note" alter column "title" drop not null',
    'alter table "note" alter column "title" drop default',
    'drop policy "tenant_isolation" on "note"',
    '',
    '-- drop table "note"',
    'DROP INDEX concurrently if exists "note_idx";',
    'drop index "cascade"',
    'drop trigger "t" on "note"; drop function "f"(int, text); drop view "a", "b"',
    'drop type "mood"',
    'revoke all on all tables in schema "s" from "reader"',
    'grant truncate on "note" to "reader"',
    'comment on table "note" is $$; drop table "note"$$',
    'create table "old" (id uuid references "note" on delete cascade on update set null, "drop" text)',
    'create or replace function f() returns trigger language plpgsql as $$ begin delete from note; end $$',
    'create trigger "t" before update or delete on "note" execute function f()',
    'alter table only "s"."note" add "b" text, add constraint "c" check (b <> \'drop\') not valid',
    'alter table if exists "note" alter "title" set default \'a, drop b\', alter "title" set not null, drop constraint if exists "c"',
    'alter table "note" rename column "title" to "drop"',
    'alter table "note" rename to "notes"',
    'alter table "note" no force row level security, disable row level security',
    'alter table "note" alter "id" drop identity if exists, alter "sum" drop expression',
    'alter table "note" validate constraint "c", disable trigger user, owner to "me", replica identity full',
    'alter policy "tenant_isolation" on "note" using (true)',
    'alter index "a" rename to "b"',
    `alter type "mood" add value 'sad'`,
    'alter domain "size" drop constraint "known"',
    'insert into "note" values (1) on conflict do nothing',
    'set local lock_timeout = 1000',
  ])('that loses none need not: %s', (down) => {
    expect(plan(down)()).toMatchObject([{ name: 't_1', steps: [{ name: '2-two' }] }]);
  });

  it('of a migration of this build that makes no table and no column need not be said either', async () => {
    const { catalog, tenant } = await compileWithoutServer();

    const harmless = [...catalog, ...tenant].filter(
      ({ down }) => statementThatMayLose(down ?? []) === undefined,
    );

    expect(harmless.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        '20261126205304-task-project-index',
        '20261126211501-fill-member-email-lower',
        '20261126211502-member-email-lower-index',
        '20261126211503-validate-member-email-lower',
      ]),
    );
  });
});
