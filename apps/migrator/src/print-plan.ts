import { strongestLock, type TargetWork, type Wave } from '@tenantry/persistence';
import { type OutputOptions, print, table } from './output.ts';

/** Prints what would be done: in which waves, by which statements, and what others have to wait for. */
export function printPlan(waves: readonly Wave<TargetWork>[], options: OutputOptions): void {
  const works = waves.flatMap(({ targets }) => targets);
  const migrations = migrationsOf(works);
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
  readonly lock: string;
  readonly sql: readonly string[];
}

function migrationsOf(works: readonly TargetWork[]): readonly PlannedMigration[] {
  const planned = new Map<object, PlannedMigration>();
  for (const { steps, direction } of works) {
    for (const step of steps) {
      const sql = (direction === 'up' ? step.up : step.down) ?? [];
      const { name, kind } = step;
      const targets = (planned.get(step)?.targets ?? 0) + 1;
      planned.set(step, { name, kind, direction, targets, lock: strongestLock(sql), sql });
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
    ...migrations.flatMap(({ name, kind, direction, targets, lock, sql }) => [
      `${name} (${kind}, ${direction}) in ${targets}, locks: ${lock}`,
      ...sql.map((statement) => `  ${statement.replace(/;?$/, ';')}`),
    ]),
  ];
}

const MOST = 3;

function namesOf(targets: readonly TargetWork[]): string {
  const names = targets.slice(0, MOST).map(({ name }) => name);
  return [...names, ...(targets.length > MOST ? ['…'] : [])].join(', ');
}
