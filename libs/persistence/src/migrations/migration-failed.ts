import { errorParts, reasonOf, sqlStateOf } from '../connection/connection-errors.ts';

/**
 * SQLSTATE classes of errors about schemas, locks and the server. What the server says of them names tables and columns; what
 * it says of others may quote what users wrote.
 */
const WITHOUT_VALUES = /^(?:0A|25|2B|3D|3F|40|42|53|54|55|57|58|P0|XX|TN)/;

/** A target could not be migrated: nothing of the attempt was stored. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  /** As PostgreSQL has it; `null` when the server could not be reached. */
  readonly sqlState: string | null;

  /** @param step the migration it failed in; `null` when it did not get as far as that */
  constructor(
    readonly target: string,
    readonly step: string | null,
    cause: unknown,
  ) {
    const sqlState = sqlStateOf(cause) ?? null;
    super(
      `${target} could not be migrated${step === null ? '' : `: ${step} failed`}: ${said(cause, sqlState)}`,
      { cause },
    );
    this.sqlState = sqlState;
  }

  /** What the server said, without what users wrote. */
  get reason(): string {
    return said(this.cause, this.sqlState);
  }
}

function said(cause: unknown, sqlState: string | null): string {
  if (sqlState === null) {
    return reasonOf(cause);
  }
  const { message, constraint } = errorParts(cause);
  const about = WITHOUT_VALUES.test(sqlState) ? message : (constraint ?? 'the database refused');
  return `${about} (${sqlState})`;
}
