import { type MigrateOptions, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import type { ExitCode } from '../exit-codes.ts';
import type { FleetOptions } from '../fleet-options.ts';
import type { Interruption } from '../interruption.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { reporting } from '../report.ts';
import { plan } from './plan.ts';

export interface MigrateCommand extends FleetOptions, MigrateOptions {
  readonly dryRun?: boolean;
}

/**
 * Brings the catalog and all placements to the newest version.
 * @param interruption is told that what is under way is to be finished: only where something is done
 */
export async function migrate(
  options: MigrateCommand,
  interruption: Interruption,
): Promise<ExitCode> {
  if (options.dryRun) {
    return plan(options);
  }
  const config = readMigratorConfig();
  logToStderr(config);
  const signal = interruption.toFinish();
  return reporting(options, (observe) =>
    withFleet(
      config,
      (fleet) => fleet.migrate({ ...options, signal, observe, production: config.production }),
      options,
    ),
  );
}
