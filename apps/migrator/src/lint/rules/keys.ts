import type { Constraint, IndexStmt } from 'libpg-query';
import { constraints, type MadeConstraint, madeTables, statementsOf } from '../migration-facts.ts';
import type { ParsedMigration } from '../parsed-migration.ts';
import { allOf, nameOf, textsIn } from '../tree.ts';
import type { Rule } from './rule.ts';
import { isPartition, TENANT_COLUMN } from './tenant-column.ts';

/** Rows of two tenants may have the same id: what names a row names its tenant first. */
export const primaryKey: Rule = {
  lists: ['tenant'],
  check: (migration) => {
    const keys = constraints(migration).filter(({ constraint }) => isPrimary(constraint));
    const missing = madeTables(migration).filter(
      ({ table, definition }) =>
        !isPartition(definition) && !keys.some((key) => key.table === table),
    );
    const indexes = indexesIn(migration);
    const others = keys.filter((key) =>
      columnLists(key, indexes).some(([first]) => first !== TENANT_COLUMN),
    );
    const unseen = keys.filter((key) => columnLists(key, indexes).length === 0);
    return [
      ...[...missing, ...others].map(({ table, sql }) => ({
        message: `${table} has no primary key that begins with ${TENANT_COLUMN}: make it (${TENANT_COLUMN}, …).`,
        statement: sql,
      })),
      ...unseen.map(({ table, constraint, sql }) => ({
        message: `The primary key of ${table} is the index ${constraint.indexname ?? ''}, which this migration does not make: say that it begins with ${TENANT_COLUMN}, by accepting this.`,
        statement: sql,
      })),
    ];
  },
};

interface Index {
  readonly name: string | undefined;
  readonly columns: readonly (string | undefined)[];
}

/** Those that are surely made here, and not there already. */
function indexesIn(migration: ParsedMigration): Index[] {
  return statementsOf('IndexStmt', migration)
    .filter(({ held }) => !held.if_not_exists)
    .map(({ held }) => ({ name: held.idxname, columns: columnsOfIndex(held) }));
}

/** The columns of a key, or of each index that it may be: of none when that is made elsewhere. */
function columnLists(key: MadeConstraint, indexes: readonly Index[]): Index['columns'][] {
  return isOfIndex(key.constraint)
    ? indexes.filter(({ name }) => name === key.constraint.indexname).map(({ columns }) => columns)
    : [columnsOf(key)];
}

/** A unique key over all tenants tells each of them which values the others have: row security does not hide that. */
export const uniqueKey: Rule = {
  lists: ['tenant'],
  check: (migration) => {
    // An index is judged where it is made.
    const byConstraint = constraints(migration)
      .filter(({ constraint }) => isUnique(constraint) && !isOfIndex(constraint))
      .map((key) => ({ table: key.table, columns: columnsOf(key), sql: key.sql }));
    const byIndex = statementsOf('IndexStmt', migration)
      .filter(({ held }) => held.unique)
      .map(({ held, sql }) => ({
        table: nameOf(held.relation),
        columns: columnsOfIndex(held),
        sql,
      }));
    return [...byConstraint, ...byIndex]
      .filter(({ columns }) => !columns.includes(TENANT_COLUMN))
      .map(({ table, sql }) => ({
        message: `A unique key of ${table} is without ${TENANT_COLUMN}: it tells which values other tenants have. Put ${TENANT_COLUMN} into it.`,
        statement: sql,
      }));
  },
};

/** Foreign keys are checked without row security: only the tenant in them keeps a row from another's. */
export const foreignKey: Rule = {
  lists: ['tenant'],
  check: (migration) =>
    constraints(migration)
      .filter(({ constraint }) => constraint.contype === 'CONSTR_FOREIGN')
      .filter((key) => !pairsTenant(key))
      .map(({ table, constraint, sql }) => ({
        message: `A foreign key of ${table} can refer to another tenant's row of ${nameOf(constraint.pktable)}: make it (${TENANT_COLUMN}, …) references ${nameOf(constraint.pktable)} (${TENANT_COLUMN}, …).`,
        statement: sql,
      })),
};

function isPrimary({ contype }: Constraint): boolean {
  return contype === 'CONSTR_PRIMARY';
}

function isUnique({ contype }: Constraint): boolean {
  return contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_EXCLUSION';
}

function isOfIndex({ indexname }: Constraint): boolean {
  return indexname !== undefined;
}

function columnsOf({ column, constraint }: MadeConstraint): (string | undefined)[] {
  if (column !== undefined) {
    return [column];
  }
  const excluded = allOf('List', constraint.exclusions).flatMap(({ items }) =>
    allOf('IndexElem', items).map(({ name }) => name),
  );
  return [...textsIn(constraint.keys), ...excluded];
}

function columnsOfIndex({ indexParams }: IndexStmt): Index['columns'] {
  return allOf('IndexElem', indexParams).map(({ name }) => name);
}

function pairsTenant({ column, constraint }: MadeConstraint): boolean {
  const own = column === undefined ? textsIn(constraint.fk_attrs) : [column];
  const others = textsIn(constraint.pk_attrs);
  const place = own.indexOf(TENANT_COLUMN);
  // Without columns it refers to the primary key, which begins with the tenant, and of which one column is not all.
  return others.length > 0
    ? place >= 0 && others[place] === TENANT_COLUMN
    : place === 0 && own.length > 1;
}
