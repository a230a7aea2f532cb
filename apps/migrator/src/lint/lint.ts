import { type CompiledLists, MIGRATION_LISTS, type MigrationListName } from '@tenantry/persistence';
import { withoutAccepted } from './exceptions.ts';
import type { LintFinding } from './finding.ts';
import { madeTables, tableChangedBy } from './migration-facts.ts';
import { type Lintable, parse, type ParsedMigration } from './parsed-migration.ts';
import { type Rules, RULES, RULES_OF_DOWN } from './rules/rules.ts';
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
 * reason. Of what takes it back squawk is not asked: that takes away, and keeps others waiting.
 * @throws {SquawkFailed}
 */
export async function lint(
  list: MigrationListName,
  migration: Lintable,
): Promise<readonly LintFinding[]> {
  const up = await parse(list, migration, 'up');
  const down = await parse(list, migration, 'down');
  const found = await askSquawk(migration);
  return withoutAccepted(
    [
      ...byOwnRules(up, RULES),
      ...found.filter(isAboutWhatIsThere(up)),
      ...byOwnRules(down, RULES_OF_DOWN).map(inDown),
    ],
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

function byOwnRules(migration: ParsedMigration, rules: Rules): LintFinding[] {
  const found = Object.entries(rules)
    .filter(([, { lists }]) => lists.includes(migration.list))
    .flatMap(([rule, { check }]) => check(migration).map((problem) => ({ rule, ...problem })));
  return [...migration.unreadable, ...found];
}

function inDown({ message, ...finding }: LintFinding): LintFinding {
  return { ...finding, message: `In down(): ${message}` };
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
