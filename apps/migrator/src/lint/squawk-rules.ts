import type { SchemaMigration } from '@tenantry/persistence';

/** Rules of squawk that do not fit how migrations are run here, each with the reason. */
const NOT_OURS = {
  'prefer-robust-stmts':
    'what a migration does is stored with its row in the ledger, so nothing is done twice',
  'require-lock-timeout': 'the runner sets it for each target',
  'require-statement-timeout': 'the runner sets that there is none: how long DDL takes is known',
  'prefer-bigint-over-int': 'what is counted here is counted within one tenant',
  'ban-concurrent-index-creation-in-transaction': 'not-in-transaction says the same, and more',
  'adding-foreign-key-constraint': 'constraint-missing-not-valid says the same',
};

/** What `contract` is for: it takes away what no running version needs. */
const OF_EXPAND = ['ban-drop-column', 'ban-drop-table', 'ban-drop-not-null'];

/** The rules that squawk is not asked for. */
export function excludedRules(kind: SchemaMigration['kind']): readonly string[] {
  return [...Object.keys(NOT_OURS), ...(kind === 'contract' ? OF_EXPAND : [])];
}

/** What is about those who use a table meanwhile: nobody does when the same migration makes it. */
export const ABOUT_TABLES_IN_USE: readonly string[] = [
  'adding-field-with-default',
  'adding-not-nullable-field',
  'adding-required-field',
  'adding-serial-primary-key-field',
  'ban-drop-column',
  'ban-drop-not-null',
  'changing-column-type',
  'constraint-missing-not-valid',
  'disallowed-unique-constraint',
  'renaming-column',
  'renaming-table',
  'require-concurrent-index-creation',
];
