import type { CompiledMigration } from './compiled-migration.ts';
import { CATALOG, type TargetPlan } from './fleet-plan.ts';
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
  ])('that loses rows or columns has to be said: %s', (down) => {
    expect(plan(down)).toThrow(RollbackRefused);
  });

  it.each([
    'drop index "note_idx"',
    'alter table "note" drop constraint "note_check"',
    'alter table "note" alter column "title" drop not null',
    'alter table "note" alter column "title" drop default',
    'drop policy "tenant_isolation" on "note"',
  ])('that loses none need not: %s', (down) => {
    expect(plan(down)()).toMatchObject([{ name: 't_1', steps: [{ name: '2-two' }] }]);
  });
});
