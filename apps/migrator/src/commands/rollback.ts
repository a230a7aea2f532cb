import { type RollbackOptions, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { FleetOptions } from '../fleet-options.ts';
import type { Interruption } from '../interruption.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { printPlan } from '../print-plan.ts';
import { reporting } from '../report.ts';

export interface RollbackCommand extends FleetOptions, RollbackOptions {
  readonly dryRun?: boolean;
}

/**
 * Takes migrations of a list back.
 * @param interruption is told that what is under way is to be finished: only where something is done
 */
export async function rollback(
  options: RollbackCommand,
  interruption: Interruption,
): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  if (options.dryRun) {
    printPlan(await withFleet(config, (fleet) => fleet.planRollback(options)), options);
    return EXIT.done;
  }
  const signal = interruption.toFinish();
  return reporting(options, (observe) =>
    withFleet(config, (fleet) => fleet.rollback({ ...options, signal, observe }), options),
  );
}
