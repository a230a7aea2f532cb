import { type RollbackOptions, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { FleetOptions } from '../fleet-options.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { printPlan } from '../print-plan.ts';
import { reporting } from '../report.ts';

export interface RollbackCommand extends FleetOptions, RollbackOptions {
  readonly dryRun?: boolean;
}

/**
 * Takes migrations of a list back.
 * @param signal ends the run when what is under way is finished
 */
export async function rollback(options: RollbackCommand, signal: AbortSignal): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  if (options.dryRun) {
    printPlan(await withFleet(config, (fleet) => fleet.planRollback(options)), options);
    return EXIT.done;
  }
  return reporting(options, (observe) =>
    withFleet(config, (fleet) => fleet.rollback({ ...options, signal, observe }), options),
  );
}
