import { CATALOG, type TargetPlan, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, print, table } from '../output.ts';

/** Says where the catalog and all placements are, and changes nothing. */
export async function status(options: OutputOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  const targets = await withFleet(config, (fleet) => fleet.status());
  print({ targets }, table(linesOf(targets)), options);
  if (targets.some(({ changed, contracted }) => changed.length > 0 || contracted.length > 0)) {
    return EXIT.drift;
  }
  return targets.some(({ pending }) => pending.length > 0) ? EXIT.pending : EXIT.done;
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
