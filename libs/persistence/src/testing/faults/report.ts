import type { Result } from './bench.ts';

const COLUMNS = [
  'fault',
  'operations',
  'ok',
  'fail',
  'unknown',
  'resolved',
  'lost',
  'duplicated',
  'stray',
  'recoveryMs',
] as const satisfies readonly (keyof Result)[];

/** Fault by fault what came of it, for people. */
export function reportOf(results: readonly Result[]): string {
  const rows = [COLUMNS, ...results.map((result) => COLUMNS.map((name) => String(result[name])))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
        )
        .join('  '),
    )
    .join('\n');
}
