import {
  type CompiledMigration,
  strongestLock,
  type TargetWork,
  type Wave,
} from '@tenantry/persistence';
import type { LintFinding } from './lint/finding.ts';
import { linesOf as linesOfFindings } from './lint/lines.ts';
import { type OutputOptions, print, table } from './output.ts';

/** What lint has found in migrations that are to be applied. */
export type Findings = ReadonlyMap<CompiledMigration, readonly LintFinding[]>;

/**
 * Prints what would be done: in which waves, by which statements, what others have to wait for, and what is wrong with it.
 */
export function printPlan(
  waves: readonly Wave<TargetWork>[],
  options: OutputOptions,
  findings: Findings = new Map(),
): void {
  const works = waves.flatMap(({ targets }) => targets);
  const migrations = migrationsOf(works, findings);
  print(
    {
      waves: waves.map(({ name, targets }) => ({
        name,
        targets: targets.map((target) => ({
          name: target.name,
          direction: target.direction,
          isPrepared: target.isPrepared,
          migrations: target.steps.map((step) => step.name),
        })),
      })),
      migrations,
    },
    works.length > 0 ? linesOf(waves, migrations) : ['There is nothing to do.'],
    options,
  );
}

/** One migration, wherever it is to be applied or taken back. */
interface PlannedMigration {
  readonly name: string;
  readonly kind: string;
  readonly direction: string;
  readonly targets: number;
  /** Whether it is a part of the target's transaction, or how it is done where its tables are in use. */
  readonly manner: string;
  readonly lock: string;
  readonly sql: readonly string[];
  readonly findings: readonly LintFinding[];
}

function migrationsOf(works: readonly TargetWork[], found: Findings): readonly PlannedMigration[] {
  const planned = new Map<object, PlannedMigration>();
  for (const { steps, direction } of works) {
    for (const step of steps) {
      const sql = (direction === 'up' ? step.up : step.down) ?? [];
      const { name, kind } = step;
      const targets = (planned.get(step)?.targets ?? 0) + 1;
      const findings = found.get(step) ?? [];
      planned.set(step, {
        name,
        kind,
        direction,
        targets,
        manner: mannerOf(step),
        lock: strongestLock(sql),
        sql,
        findings,
      });
    }
  }
  return [...planned.values()];
}

function linesOf(
  waves: readonly Wave<TargetWork>[],
  migrations: readonly PlannedMigration[],
): readonly string[] {
  return [
    ...table(waves.map(({ name, targets }) => [name, `${targets.length}`, namesOf(targets)])),
    '',
    ...migrations.flatMap(({ name, kind, direction, targets, manner, lock, sql, findings }) => [
      `${name} (${kind}, ${direction}) in ${targets}, ${manner}, locks: ${lock}`,
      ...sql.map((statement) => `  ${statement.replace(/;?$/, ';')}`),
      ...linesOfFindings(findings),
    ]),
  ];
}

function mannerOf({ isTransactional, backfill }: TargetWork['steps'][number]): string {
  if (backfill) {
    return `in batches of ${backfill.batchSize}`;
  }
  return isTransactional ? 'in a transaction' : 'concurrently';
}

const MOST = 3;

function namesOf(targets: readonly TargetWork[]): string {
  const names = targets.slice(0, MOST).map(({ name }) => name);
  return [...names, ...(targets.length > MOST ? ['…'] : [])].join(', ');
}
