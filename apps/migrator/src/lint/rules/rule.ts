import type { MigrationListName } from '@tenantry/persistence';
import type { ParsedMigration } from '../parsed-migration.ts';

/** Where a rule is broken, and what to do instead. */
export interface Problem {
  readonly message: string;
  readonly statement: string;
}

/** A rule that squawk does not have. */
export interface Rule {
  /** The lists whose migrations it is for. */
  readonly lists: readonly MigrationListName[];
  readonly check: (migration: ParsedMigration) => readonly Problem[];
}
