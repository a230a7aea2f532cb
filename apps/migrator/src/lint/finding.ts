/** Something in a migration that is not as it should be. */
export interface LintFinding {
  /** By which a migration accepts it, see `SchemaMigration.accepts`. */
  readonly rule: string;
  /** What is wrong, and what to do instead. */
  readonly message: string;
  /** Where it is; `null` when it is in no statement. */
  readonly statement: string | null;
}
