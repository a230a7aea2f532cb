import type { Outcome } from '@tenantry/persistence';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type OutputOptions, print, table } from './output.ts';

/** Prints what became of each target of a run. */
export function report(outcomes: readonly Outcome[], options: OutputOptions): ExitCode {
  const rows = outcomes.map((outcome) => [
    outcome.target,
    outcome.status,
    `${outcome.durationMs} ms`,
    detail(outcome),
  ]);
  const printable = outcomes.map((outcome) =>
    outcome.status === 'failed' ? { ...outcome, error: detail(outcome) } : outcome,
  );
  print(
    { outcomes: printable },
    rows.length > 0 ? table(rows) : ['There is nothing to do.'],
    options,
  );
  return outcomes.some(({ status }) => status === 'failed') ? EXIT.partial : EXIT.done;
}

function detail(outcome: Outcome): string {
  switch (outcome.status) {
    case 'migrated':
    case 'rolled-back':
      return outcome.migrations.join(', ');
    case 'failed':
      return outcome.error.message;
    case 'up-to-date':
      return '';
  }
}
