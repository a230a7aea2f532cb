import { type CompiledLists, MIGRATION_LISTS, type MigrationListName } from '@tenantry/persistence';
import { withoutAccepted } from './exceptions.ts';
import type { LintFinding } from './finding.ts';
import { madeTables, tableChangedBy } from './migration-facts.ts';
import { type Lintable, parse, type ParsedMigration } from './parsed-migration.ts';
import { RULES } from './rules/rules.ts';
import { askSquawk } from './squawk.ts';
import { ABOUT_TABLES_IN_USE } from './squawk-rules.ts';

/** What was found in one migration. */
export interface LintedMigration {
  readonly list: MigrationListName;
  readonly name: string;
  readonly findings: readonly LintFinding[];
}

/**
 * Gives what is wrong with a migration, by its text alone: by squawk and by rules of our own, less what it accepts with a
 * reason.
 * @throws {SquawkFailed}
 */
export async function lint(
  list: MigrationListName,
  migration: Lintable,
): Promise<readonly LintFinding[]> {
  const parsed = await parse(list, migration);
  const found = await askSquawk(migration);
  return withoutAccepted(
    [...parsed.unreadable, ...byOwnRules(parsed), ...found.filter(isAboutWhatIsThere(parsed))],
    migration.accepts,
  );
}

/** Lints all migrations of the lists. */
export async function lintAll(lists: CompiledLists): Promise<readonly LintedMigration[]> {
  const linted: LintedMigration[] = [];
  for (const list of MIGRATION_LISTS) {
    for (const migration of lists[list]) {
      linted.push({ list, name: migration.name, findings: await lint(list, migration) });
    }
  }
  return linted;
}

function byOwnRules(migration: ParsedMigration): LintFinding[] {
  return Object.entries(RULES)
    .filter(([, { lists }]) => lists.includes(migration.list))
    .flatMap(([rule, { check }]) => check(migration).map((problem) => ({ rule, ...problem })));
}

/** squawk knows of some of its rules that a table is new, but not of all. */
function isAboutWhatIsThere(migration: ParsedMigration): (finding: LintFinding) => boolean {
  const made = madeTables(migration).map(({ table }) => table);
  const isOfNewTables = (sql: string | null): boolean =>
    migration.statements
      .filter((statement) => statement.sql === sql)
      .every((statement) => made.includes(tableChangedBy(statement) ?? ''));
  return ({ rule, statement }) => !ABOUT_TABLES_IN_USE.includes(rule) || !isOfNewTables(statement);
}
