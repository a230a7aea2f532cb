import { type TargetPlan, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, print, table } from '../output.ts';

/** Says where the catalog and all placements are, and changes nothing. */
export async function status(options: OutputOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  const targets = await withFleet(config, (fleet) => fleet.status());
  print({ targets }, table(targets.map((target) => [target.name, stateOf(target)])), options);
  return targets.some(({ pending }) => pending.length > 0) ? EXIT.pending : EXIT.done;
}

function stateOf({ applied, pending, ahead }: TargetPlan): string {
  if (pending.length > 0) {
    return `pending: ${pending.join(', ')}`;
  }
  return ahead.length > 0
    ? `ahead of this build: ${ahead.join(', ')}`
    : `at ${applied.at(-1) ?? ''}`;
}
