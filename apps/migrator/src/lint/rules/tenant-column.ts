import type { ColumnDef, CreateStmt } from 'libpg-query';
import { alterations, madeTables, statementsOf } from '../migration-facts.ts';
import type { ParsedMigration } from '../parsed-migration.ts';
import { allOf, nameOf, textsIn } from '../tree.ts';
import type { Problem, Rule } from './rule.ts';

export const TENANT_COLUMN = 'tenant_id';

/** Every table of a placement says whose each row is, and keeps saying so. */
export const tenantColumn: Rule = {
  lists: ['tenant'],
  check: (migration) => [...tablesWithout(migration), ...takenAway(migration)],
};

/** Its columns and keys are those of its parent. */
export function isPartition(definition: CreateStmt | undefined): boolean {
  return definition?.partbound !== undefined;
}

function tablesWithout(migration: ParsedMigration): Problem[] {
  return madeTables(migration)
    .filter(({ definition }) => !isPartition(definition))
    .filter(({ definition }) => !allOf('ColumnDef', definition?.tableElts).some(isTenantColumn))
    .map(({ table, sql }) => ({
      message: `The table ${table} is made without ${TENANT_COLUMN} uuid not null: add the column.`,
      statement: sql,
    }));
}

function isTenantColumn({ colname, typeName, constraints }: ColumnDef): boolean {
  const isRequired = allOf('Constraint', constraints).some(
    ({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY',
  );
  return colname === TENANT_COLUMN && textsIn(typeName?.names).at(-1) === 'uuid' && isRequired;
}

const CHANGES: readonly (string | undefined)[] = [
  'AT_DropColumn',
  'AT_DropNotNull',
  'AT_AlterColumnType',
];

function takenAway(migration: ParsedMigration): Problem[] {
  const changed = alterations(migration).filter(
    ({ command }) => command.name === TENANT_COLUMN && CHANGES.includes(command.subtype),
  );
  const renamed = statementsOf('RenameStmt', migration)
    .filter(({ held }) => held.subname === TENANT_COLUMN)
    .map(({ held, sql }) => ({ table: nameOf(held.relation), sql }));
  return [...changed, ...renamed].map(({ table, sql }) => ({
    message: `${TENANT_COLUMN} of ${table} has to stay uuid not null: leave it as it is.`,
    statement: sql,
  }));
}
