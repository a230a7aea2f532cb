/* eslint-disable no-console -- a command line prints */
export interface OutputOptions {
  /** For programs: one JSON value on stdout. */
  readonly json?: boolean;
}

/** Prints a result: as JSON, or line by line for people. */
export function print(
  value: unknown,
  lines: readonly string[],
  { json = false }: OutputOptions,
): void {
  console.log(json ? JSON.stringify(value) : lines.join('\n'));
}

/** Prints one JSON value on a line of its own, for programs that read them as they come. */
export function printJson(value: object): void {
  console.log(JSON.stringify(value));
}

/** @param expected whether its message says all that there is to say */
export function printError(error: unknown, expected: boolean): void {
  console.error(expected ? (error as Error).message : error);
}

/** Columns as wide as what is in them. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
