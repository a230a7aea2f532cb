import { loadModule, type Node, parseSync, SqlError } from 'libpg-query';
import type { CompiledMigration, MigrationListName } from '@tenantry/persistence';
import type { LintFinding } from './finding.ts';

/** What is linted of a migration. Its statements are in one transaction unless it says that they are not. */
export type Lintable = Pick<CompiledMigration, 'name' | 'kind' | 'up' | 'down' | 'accepts'> & {
  readonly isTransactional?: boolean;
};

/** A statement, as the server's own parser reads it. */
export interface Statement {
  readonly sql: string;
  readonly node: Node;
}

/** What a migration does, or what takes it back. */
export type Direction = 'up' | 'down';

/** One direction of a migration. */
export interface ParsedMigration {
  readonly list: MigrationListName;
  readonly isTransactional: boolean;
  readonly statements: readonly Statement[];
  /** What the server would not read. */
  readonly unreadable: readonly LintFinding[];
}

/** Reads one direction of a migration of a list; what cannot be taken back has no statements for that. */
export async function parse(
  list: MigrationListName,
  { isTransactional = true, ...migration }: Lintable,
  direction: Direction,
): Promise<ParsedMigration> {
  await loadModule();
  const statements: Statement[] = [];
  const unreadable: LintFinding[] = [];
  for (const sql of migration[direction] ?? []) {
    try {
      statements.push(...statementsIn(sql));
    } catch (error) {
      unreadable.push(syntaxError(sql, error));
    }
  }
  return { list, isTransactional, statements, unreadable };
}

function statementsIn(sql: string): Statement[] {
  return (parseSync(sql).stmts ?? []).flatMap(({ stmt }) => (stmt ? [{ sql, node: stmt }] : []));
}

function syntaxError(statement: string, error: unknown): LintFinding {
  if (!(error instanceof SqlError)) {
    throw error;
  }
  return { rule: 'syntax-error', message: `PostgreSQL says: ${error.message}.`, statement };
}
