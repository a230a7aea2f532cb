import { CATALOG, isInRange, type TargetPlan, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, print, table } from '../output.ts';

/** Says where the catalog and all placements are, and changes nothing. */
export async function status(options: OutputOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  const [targets, warm] = await withFleet(config, (fleet) =>
    Promise.all([fleet.status(), fleet.warmSchemas()]),
  );
  const pool = poolOf(targets, warm);
  print({ targets, warmPool: pool }, table([...linesOf(targets), ...linesOfPool(pool)]), options);
  if (targets.some(({ changed, contracted }) => changed.length > 0 || contracted.length > 0)) {
    return EXIT.drift;
  }
  const isDone = targets.every(({ pending, failure }) => pending.length === 0 && !failure);
  return isDone ? EXIT.done : EXIT.pending;
}

/** Placements that are made ahead and belong to nobody, by whether a new tenant would be given them. */
interface WarmPool {
  readonly ready: number;
  readonly lagging: number;
}

function poolOf(targets: readonly TargetPlan[], warm: readonly string[]): WarmPool {
  const ready = targets.filter((target) => warm.includes(target.name) && isInRange(target)).length;
  return { ready, lagging: warm.length - ready };
}

function linesOfPool({ ready, lagging }: WarmPool): string[][] {
  return ready + lagging > 0
    ? [['of these in the warm pool', `${ready} ready, ${lagging} lagging behind`]]
    : [];
}

/** Of placements that are at the same so many are named. */
const MOST = 3;

function linesOf(targets: readonly TargetPlan[]): string[][] {
  const groups = Map.groupBy(targets, (target) =>
    target.list === CATALOG.list ? CATALOG.name : stateOf(target),
  );
  return [...groups.values()].map((group) => {
    const [first] = group as [TargetPlan];
    const names = group.slice(0, MOST).map(({ name }) => name);
    const more = group.length > MOST ? [`${group.length - MOST} more`] : [];
    return [[...names, ...more].join(', '), stateOf(first)];
  });
}

function stateOf(target: TargetPlan): string {
  const { applied, pending, toContract, ahead, contracted, changed, failure } = target;
  if (changed.length > 0) {
    return `changed since they were applied: ${changed.join(', ')}`;
  }
  if (failure) {
    const { step, sqlState, attempts } = failure;
    return `failed ${attempts} times, last with ${sqlState ?? 'no answer'} in ${step ?? 'the beginning'}`;
  }
  if (pending.length > 0) {
    return `pending: ${pending.join(', ')}`;
  }
  if (contracted.length > 0) {
    return `out of range of this build, which needs what was taken away by ${contracted.join(', ')}`;
  }
  if (ahead.length > 0) {
    return `ahead of this build: ${ahead.join(', ')}`;
  }
  const waiting = toContract.length > 0 ? `, to be contracted: ${toContract.join(', ')}` : '';
  return `at ${applied.at(-1) ?? ''}${waiting}`;
}
