import type { Constraint } from 'libpg-query';
import { constraints, type MadeConstraint, madeTables, statementsOf } from '../migration-facts.ts';
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
    const others = keys.filter(
      (key) => !isOfIndex(key.constraint) && columnsOf(key)[0] !== TENANT_COLUMN,
    );
    return [...missing, ...others].map(({ table, sql }) => ({
      message: `${table} has no primary key that begins with ${TENANT_COLUMN}: make it (${TENANT_COLUMN}, …).`,
      statement: sql,
    }));
  },
};

/** A unique key over all tenants tells each of them which values the others have: row security does not hide that. */
export const uniqueKey: Rule = {
  lists: ['tenant'],
  check: (migration) => {
    const byConstraint = constraints(migration)
      .filter(({ constraint }) => isUnique(constraint) && !isOfIndex(constraint))
      .map((key) => ({ table: key.table, columns: columnsOf(key), sql: key.sql }));
    const byIndex = statementsOf('IndexStmt', migration)
      .filter(({ held }) => held.unique)
      .map(({ held, sql }) => ({
        table: nameOf(held.relation),
        columns: allOf('IndexElem', held.indexParams).map(({ name }) => name),
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

/** It was judged when the index was made. */
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

function pairsTenant({ column, constraint }: MadeConstraint): boolean {
  const own = column === undefined ? textsIn(constraint.fk_attrs) : [column];
  const others = textsIn(constraint.pk_attrs);
  const place = own.indexOf(TENANT_COLUMN);
  // Without columns it refers to the primary key, which begins with the tenant, and of which one column is not all.
  return others.length > 0
    ? place >= 0 && others[place] === TENANT_COLUMN
    : place === 0 && own.length > 1;
}
