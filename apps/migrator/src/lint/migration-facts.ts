import type {
  AlterTableCmd,
  ColumnDef,
  Constraint,
  CreateStmt,
  Node,
  ObjectType,
} from 'libpg-query';
import type { ParsedMigration, Statement } from './parsed-migration.ts';
import { allOf, as, type Held, type Kind, nameOf, textsIn } from './tree.ts';

/** A table that the migration makes. */
export interface MadeTable {
  readonly table: string;
  /** `undefined` for one that is made from a query. */
  readonly definition: CreateStmt | undefined;
  readonly sql: string;
}

/** One part of an `alter table`. */
export interface Alteration {
  readonly table: string;
  readonly command: AlterTableCmd;
  readonly objectType: ObjectType | undefined;
  readonly sql: string;
}

/** A constraint, wherever it has been written: with its table, with its column, or by itself. */
export interface MadeConstraint {
  readonly table: string;
  /** The column that it was written with. */
  readonly column: string | undefined;
  readonly constraint: Constraint;
  readonly sql: string;
}

/** The statements of one kind, with what each holds. */
export function statementsOf<Name extends Kind>(
  kind: Name,
  { statements }: ParsedMigration,
): { readonly held: Held<Name>; readonly sql: string }[] {
  return statements.flatMap(({ node, sql }) => {
    const held = as(kind, node);
    return held === undefined ? [] : [{ held, sql }];
  });
}

export function madeTables({ statements }: ParsedMigration): MadeTable[] {
  return statements.flatMap(({ node, sql }): MadeTable[] => {
    const table = tableMadeBy(node);
    return table === undefined ? [] : [{ table, definition: as('CreateStmt', node), sql }];
  });
}

function tableMadeBy(node: Node): string | undefined {
  const definition = as('CreateStmt', node);
  const fromQuery = as('CreateTableAsStmt', node);
  if (fromQuery?.objtype === 'OBJECT_TABLE') {
    return nameOf(fromQuery.into?.rel);
  }
  const into = as('SelectStmt', node)?.intoClause;
  return definition || into ? nameOf(definition?.relation ?? into?.rel) : undefined;
}

/** The tables that are gone in the end: what one that is dropped was like before does not matter. */
export function goneTables({ statements }: ParsedMigration): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const { node } of statements) {
    gone.delete(tableMadeBy(node) ?? '');
    tablesDroppedBy(node).forEach((table) => gone.add(table));
  }
  return gone;
}

function tablesDroppedBy(node: Node): string[] {
  const { removeType, objects } = as('DropStmt', node) ?? {};
  return removeType === 'OBJECT_TABLE'
    ? allOf('List', objects).map(({ items }) => textsIn(items).join('.'))
    : [];
}

/** The table that a statement changes; `undefined` for one that changes none. */
export function tableChangedBy({ node }: Statement): string | undefined {
  const relation =
    as('AlterTableStmt', node)?.relation ??
    as('IndexStmt', node)?.relation ??
    as('RenameStmt', node)?.relation;
  return relation && nameOf(relation);
}

export function alterations(migration: ParsedMigration): Alteration[] {
  return statementsOf('AlterTableStmt', migration).flatMap(({ held, sql }) =>
    allOf('AlterTableCmd', held.cmds).map((command) => ({
      table: nameOf(held.relation),
      command,
      objectType: held.objtype,
      sql,
    })),
  );
}

export function constraints(migration: ParsedMigration): MadeConstraint[] {
  const ofTables = madeTables(migration).flatMap(({ table, definition, sql }) =>
    constraintsIn(definition?.tableElts ?? [], table, sql),
  );
  const added = alterations(migration).flatMap(({ table, command, sql }) =>
    constraintsIn(command.def ? [command.def] : [], table, sql),
  );
  return [...ofTables, ...added];
}

function constraintsIn(elements: readonly Node[], table: string, sql: string): MadeConstraint[] {
  const ofColumn = ({ colname: column, constraints: own }: ColumnDef): MadeConstraint[] =>
    allOf('Constraint', own).map((constraint) => ({ table, column, constraint, sql }));
  return [
    ...allOf('Constraint', elements).map((constraint) => ({
      table,
      column: undefined,
      constraint,
      sql,
    })),
    ...allOf('ColumnDef', elements).flatMap(ofColumn),
  ];
}
