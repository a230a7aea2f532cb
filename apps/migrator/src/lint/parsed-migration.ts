import { loadModule, type Node, parseSync, SqlError } from 'libpg-query';
import type { CompiledMigration, MigrationListName } from '@tenantry/persistence';
import type { LintFinding } from './finding.ts';

/** What is linted of a migration. Its statements are in one transaction unless it says that they are not. */
export type Lintable = Pick<CompiledMigration, 'name' | 'kind' | 'up' | 'accepts'> & {
  readonly isTransactional?: boolean;
};

/** A statement, as the server's own parser reads it. */
export interface Statement {
  readonly sql: string;
  readonly node: Node;
}

export interface ParsedMigration {
  readonly list: MigrationListName;
  readonly isTransactional: boolean;
  readonly statements: readonly Statement[];
  /** What the server would not read. */
  readonly unreadable: readonly LintFinding[];
}

/** Reads a migration of a list. */
export async function parse(
  list: MigrationListName,
  { up, isTransactional = true }: Lintable,
): Promise<ParsedMigration> {
  await loadModule();
  const statements: Statement[] = [];
  const unreadable: LintFinding[] = [];
  for (const sql of up) {
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
