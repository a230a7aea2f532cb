import {
  type MigrationFailed,
  type Outcome,
  type RunEvent,
  type RunReport,
  type StopReason,
} from '@tenantry/persistence';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type OutputOptions, print, printJson, table } from './output.ts';
import { FleetProgress } from './fleet-progress.ts';

/** Targets that went well are named as long as there are no more of them. */
const MOST = 20;

/** Says how a run goes while it does, and what became of it: to people, or as a JSON value for each event. */
export async function reporting(
  { json = false }: OutputOptions,
  run: (observe: (event: RunEvent) => void) => Promise<RunReport>,
): Promise<ExitCode> {
  const start = performance.now();
  const bar = new FleetProgress(!json && process.stderr.isTTY);
  const observe = (event: RunEvent): void => {
    bar.show(event);
    if (json) {
      printJson(printable(event));
    }
  };
  try {
    const report = await run(observe);
    bar.stop();
    const durationMs = Math.round(performance.now() - start);
    if (json) {
      printJson({ type: 'summary', ...summaryOf(report), durationMs });
    } else {
      print(undefined, linesOf(report, durationMs), {});
    }
    return codeOf(report);
  } finally {
    bar.stop();
  }
}

function codeOf({ outcomes, stopped }: RunReport): ExitCode {
  if (stopped === 'interrupted') {
    return EXIT.interrupted;
  }
  if (stopped === 'lock-lost') {
    return EXIT.fatal;
  }
  const isDone =
    !stopped && outcomes.every(({ status }) => status !== 'failed' && status !== 'not-reached');
  return isDone ? EXIT.done : EXIT.partial;
}

function printable(event: RunEvent): object {
  switch (event.type) {
    case 'placement':
      return {
        type: event.type,
        ...event.outcome,
        ...('error' in event.outcome && errorOf(event.outcome.error)),
      };
    case 'retry':
      return { ...event, ...errorOf(event.error) };
    case 'run':
    case 'waves':
    case 'step':
    case 'backfill':
      return event;
  }
}

function errorOf({ step, sqlState, reason }: MigrationFailed): object {
  return { error: { step, sqlState, reason } };
}

function summaryOf({ runId, outcomes, upToDate, stopped }: RunReport): object {
  const count = (status: Outcome['status']): number =>
    outcomes.filter((outcome) => outcome.status === status).length;
  return {
    runId,
    migrated: count('migrated'),
    rolledBack: count('rolled-back'),
    failed: count('failed'),
    notReached: count('not-reached'),
    upToDate: upToDate + count('up-to-date'),
    gone: count('gone'),
    stopped,
    failures: failuresIn(outcomes).map(({ target, migrations, attempts, error }) => ({
      target,
      migrations,
      attempts,
      ...errorOf(error),
    })),
  };
}

type Failure = Extract<Outcome, { readonly status: 'failed' }>;

function failuresIn(outcomes: readonly Outcome[]): readonly Failure[] {
  return outcomes.filter((outcome) => outcome.status === 'failed');
}

function linesOf(report: RunReport, durationMs: number): readonly string[] {
  const { outcomes, upToDate, stopped } = report;
  if (outcomes.length === 0 && !stopped) {
    return [`There is nothing to do: ${upToDate} placements are up to date.`];
  }
  const failures = failuresIn(outcomes);
  const others = outcomes.filter((outcome) => outcome.status !== 'failed');
  const named =
    others.length <= MOST
      ? others
      : others.filter(({ status }) => status === 'not-reached').slice(0, MOST);
  return [
    ...table([...named, ...failures].map(rowOf)),
    '',
    ...(stopped ? [STOPPED[stopped]] : []),
    `${totalsOf(report)}, in ${(durationMs / 1_000).toFixed(1)} s (run ${report.runId})`,
  ];
}

function rowOf(outcome: Outcome): string[] {
  const { target, status, attempts, durationMs } = outcome;
  return [
    target,
    status,
    `${durationMs} ms`,
    attempts > 1 ? `${attempts} attempts` : '',
    detail(outcome),
  ];
}

function detail(outcome: Outcome): string {
  const stored = outcome.migrations.join(', ');
  if (outcome.status !== 'failed') {
    return stored;
  }
  const reason = [outcome.error.step, outcome.error.reason].filter(Boolean).join(': ');
  return stored === '' ? reason : `${reason} (stored before: ${stored})`;
}

/** Why a run did not get to its end, for people. */
export const STOPPED = {
  interrupted:
    'The run was interrupted: what was under way has been finished. Run it again for the rest.',
  'too-many-failures': 'The run was stopped: more have failed than may.',
  'canary-failed': 'The run was stopped: a canary has failed, and nothing else was begun.',
  'wave-failed':
    'The run was stopped: some have failed, and the next wave was not begun. With --max-failures as many may fail as it says.',
  'survey-failed':
    'The run was stopped: it could not be looked for what was made meanwhile, and the log says why. Run it again for the rest.',
  'lock-lost':
    'The run was stopped: the connection with the lock of the fleet was lost. Run it again for the rest.',
} as const satisfies Record<StopReason, string>;

function totalsOf({ outcomes, upToDate }: RunReport): string {
  const counts = new Map<string, number>();
  for (const { status } of outcomes) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  counts.set('up-to-date', (counts.get('up-to-date') ?? 0) + upToDate);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}
