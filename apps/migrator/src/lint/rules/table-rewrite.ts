import type { AlterTableCmd } from 'libpg-query';
import { alterations, madeTables, statementsOf } from '../migration-facts.ts';
import type { ParsedMigration } from '../parsed-migration.ts';
import { allOf, as, nameOf, textsIn } from '../tree.ts';
import type { Rule } from './rule.ts';

/** What writes a whole table anew while nobody can read it, and squawk lets pass. */
export const tableRewrite: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) => {
    const made = new Set(madeTables(migration).map(({ table }) => table));
    return [...rewritingAlterations(migration), ...rewritingCommands(migration)]
      .filter(({ table }) => !made.has(table))
      .map(({ table, sql }) => ({
        message: `It writes ${table || 'every table'} anew, and keeps everybody out meanwhile: do it another way, such as with a new column that is filled in pieces.`,
        statement: sql,
      }));
  },
};

interface Rewrite {
  readonly table: string;
  readonly sql: string;
}

const REWRITES: readonly (string | undefined)[] = [
  'AT_SetLogged',
  'AT_SetUnLogged',
  'AT_SetTableSpace',
  'AT_SetAccessMethod',
];
/** The default of these is another one for each row. */
const SERIALS = /^(?:small|big)?serial[248]?$/;

function rewritingAlterations(migration: ParsedMigration): Rewrite[] {
  return alterations(migration).filter(
    ({ command }) => REWRITES.includes(command.subtype) || addsSerial(command),
  );
}

function addsSerial({ subtype, def }: AlterTableCmd): boolean {
  const [type = ''] = textsIn(as('ColumnDef', def)?.typeName?.names);
  return subtype === 'AT_AddColumn' && SERIALS.test(type);
}

function rewritingCommands(migration: ParsedMigration): Rewrite[] {
  const clusters = statementsOf('ClusterStmt', migration);
  const refreshes = statementsOf('RefreshMatViewStmt', migration).filter(
    ({ held }) => !held.concurrent,
  );
  const vacuums = statementsOf('VacuumStmt', migration).filter(({ held }) =>
    allOf('DefElem', held.options).some(({ defname }) => defname === 'full'),
  );
  return [
    ...[...clusters, ...refreshes].map(({ held, sql }) => ({ table: nameOf(held.relation), sql })),
    ...vacuums.map(({ held, sql }) => ({
      table: allOf('VacuumRelation', held.rels)
        .map(({ relation }) => nameOf(relation))
        .join(),
      sql,
    })),
  ];
}
