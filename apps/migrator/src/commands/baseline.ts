import {
  type BaselineOptions,
  type BaselinePlan,
  type BaselineReport,
  withFleet,
} from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Interruption } from '../interruption.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, print } from '../output.ts';

export interface BaselineCommand extends OutputOptions, BaselineOptions {
  readonly dryRun?: boolean;
}

/**
 * Records what is in placements and the ledger lacks.
 * @param interruption is told that what is under way is to be finished: only where something is done
 */
export async function baseline(
  options: BaselineCommand,
  interruption: Interruption,
): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  if (options.dryRun) {
    const plan = await withFleet(config, (fleet) => fleet.planBaseline(options));
    print(printable(plan), linesOf(plan, 'to be recorded'), options);
    return codeOf(plan);
  }
  const signal = interruption.toFinish();
  const report = await withFleet(config, (fleet) => fleet.baseline({ ...options, signal }));
  print(printable(report), [...linesOf(report, 'recorded'), ...runLinesOf(report)], options);
  return codeOfRun(report);
}

function codeOf({ different, contradicted, unfilled, unknown }: BaselinePlan): ExitCode {
  if (different.length + contradicted.length > 0) {
    return EXIT.drift;
  }
  return unfilled.length + unknown.length > 0 ? EXIT.partial : EXIT.done;
}

function codeOfRun(report: BaselineReport): ExitCode {
  if (report.stopped) {
    return report.stopped === 'interrupted' ? EXIT.interrupted : EXIT.fatal;
  }
  const code = codeOf(report);
  return code === EXIT.done && report.missed.length > 0 ? EXIT.partial : code;
}

/** Without what only the run needs. */
function printable(plan: BaselinePlan): object {
  return {
    ...plan,
    adoptions: plan.adoptions.map(({ schema, names, traceless }) => ({ schema, names, traceless })),
  };
}

function linesOf(plan: BaselinePlan, done: string): readonly string[] {
  const { unchanged, adoptions, different, contradicted, unfilled, unknown } = plan;
  return [
    `${adoptions.length} ${done}, ${unchanged} unchanged, ${different.length} differ, ${contradicted.length} claim what is not there`,
    ...(unknown.length > 0
      ? [`${unknown.length} are ahead of this build, and were not judged`]
      : []),
    ...adoptions.flatMap(({ schema, names, traceless }) => [
      `${schema}: ${names.join(', ')}`,
      ...traceless.map((name) => `  ${name} leaves no trace: taken to be there as what follows is`),
    ]),
    ...unfilled.map(
      ({ schema, backfill }) =>
        `${schema}: ${backfill} has rows left, or could not look for them, and stays pending with what comes after it`,
    ),
    ...different.flatMap(({ schema, nearest, missing, unexpected }) => [
      `${schema} is nearest to ${nearest ?? 'an empty schema'}:`,
      ...missing.map((line) => `  - ${line}`),
      ...unexpected.map((line) => `  + ${line}`),
    ]),
    ...contradicted.map(
      ({ schema, claimed }) => `${schema} is not what the ledger says of it: ${claimed.join(', ')}`,
    ),
  ];
}

const MISSED = {
  busy: 'someone else is busy with it',
  changed: 'it was changed meanwhile',
  'not-reached': 'not reached',
} as const;

function runLinesOf({ missed, runId }: BaselineReport): readonly string[] {
  return [
    ...missed.map(({ schema, reason }) => `${schema} was not recorded: ${MISSED[reason]}`),
    `(run ${runId})`,
  ];
}
