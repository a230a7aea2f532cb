import type {
  SeedCounts,
  SeederOutcome,
  SeedEvent,
  SeedRehearsal,
  SeedReport,
  TenantOutcome,
} from '@tenantry/seeding';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, printJson, table } from '../../output.ts';
import { ProgressBar } from '../../progress-bar.ts';
import { STOPPED } from '../../report.ts';

const BAR =
  '{bar} {value}/{total} items, {rate}/s, {eta_formatted} left, {tenants} tenants done, {failed} failed';
/** Of rows for each target so many are printed for people. */
const MOST = 50;

/** Says how a seeding goes while it does, and what became of it: to people, or as a JSON value for each event. */
export async function reportingSeeds(
  { json = false }: OutputOptions,
  run: (observe: (event: SeedEvent) => void) => Promise<SeedReport>,
): Promise<ExitCode> {
  const start = performance.now();
  const bar = new ProgressBar(BAR, !json && process.stderr.isTTY);
  const progress = { tenants: 0, failed: 0 };
  const observe = (event: SeedEvent): void => {
    if (event.type === 'waves' && event.items > 0) {
      bar.begin(event.items, progress);
    } else if (event.type === 'tenant') {
      progress.tenants += 1;
      progress.failed += event.outcome.status === 'failed' ? 1 : 0;
      bar.advance(itemsIn(event.outcome.seeders), progress);
    }
    if (json) {
      printJson(event.type === 'tenant' ? { type: event.type, ...event.outcome } : event);
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

/** Prints what a seeding would do: seeder × target × inserted, updated, unchanged, kept. */
export function printRehearsal(
  rehearsals: readonly SeedRehearsal[],
  options: OutputOptions,
): ExitCode {
  const rows = rehearsals.flatMap(({ target, seeders }) =>
    seeders.map((outcome) => [target, ...cellsOf(outcome)]),
  );
  print(
    { targets: rehearsals },
    [
      ...table([['target', ...HEADER], ...rows.slice(0, MOST)]),
      ...(rows.length > MOST ? [`… and ${rows.length - MOST} more: --json has them all.`] : []),
      'Nothing was changed.',
    ],
    options,
  );
  return EXIT.done;
}

function codeOf({ tenants, stopped }: SeedReport): ExitCode {
  if (stopped === 'interrupted') {
    return EXIT.interrupted;
  }
  if (stopped === 'lock-lost') {
    return EXIT.fatal;
  }
  return tenants.every(({ status }) => status === 'seeded') ? EXIT.done : EXIT.partial;
}

function summaryOf({ profile, tenants, unchanged, stopped, catalog }: SeedReport): object {
  const count = (status: TenantOutcome['status']): number =>
    tenants.filter((outcome) => outcome.status === status).length;
  return {
    profile,
    ...totalsOf([...catalog, ...tenants.flatMap(({ seeders }) => seeders)]),
    seeded: count('seeded'),
    failed: count('failed'),
    notReached: count('not-reached'),
    unchangedTenants: unchanged,
    stopped,
    failures: failuresIn(tenants),
  };
}

type Failure = Extract<TenantOutcome, { readonly status: 'failed' }>;

function failuresIn(tenants: readonly TenantOutcome[]): readonly Failure[] {
  return tenants.filter((outcome) => outcome.status === 'failed');
}

function linesOf(report: SeedReport, durationMs: number): readonly string[] {
  const { profile, catalog, tenants, unchanged, stopped } = report;
  const bySeeder = Map.groupBy(
    [...catalog, ...tenants.flatMap(({ seeders }) => seeders)],
    ({ seeder }) => seeder,
  );
  const rows = [...bySeeder].map(([seeder, outcomes]) => [
    ...cellsOf({ seeder, counts: totalsOf(outcomes) }),
    `${outcomes.filter(({ counts }) => counts === null).length} skipped`,
  ]);
  return [
    `profile ${profile}`,
    ...(rows.length > 0 ? table([HEADER, ...rows]) : []),
    ...failuresIn(tenants).map(
      ({ target, seeder, reason }) => `${target} failed in ${seeder}: ${reason}`,
    ),
    ...(stopped ? [STOPPED[stopped]] : []),
    `${tenants.length} tenants gone through, ${unchanged} skipped: they have it all already; in ${(durationMs / 1_000).toFixed(1)} s`,
  ];
}

const HEADER = ['seeder', 'insert', 'update', 'unchanged', 'kept'];

function cellsOf({ seeder, counts }: SeederOutcome): string[] {
  return counts === null
    ? [seeder, 'skipped', '', '', '']
    : [seeder, ...[counts.inserted, counts.updated, counts.unchanged, counts.kept].map(String)];
}

function totalsOf(outcomes: readonly SeederOutcome[]): SeedCounts {
  const total = { inserted: 0, updated: 0, unchanged: 0, kept: 0 };
  for (const { counts } of outcomes) {
    for (const fate of Object.keys(total) as (keyof SeedCounts)[]) {
      total[fate] += counts?.[fate] ?? 0;
    }
  }
  return total;
}

function itemsIn(outcomes: readonly SeederOutcome[]): number {
  const { inserted, updated, unchanged, kept } = totalsOf(outcomes);
  return inserted + updated + unchanged + kept;
}
