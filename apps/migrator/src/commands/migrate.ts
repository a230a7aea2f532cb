import { type MigrateOptions, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import type { ExitCode } from '../exit-codes.ts';
import type { FleetOptions } from '../fleet-options.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { reporting } from '../report.ts';
import { plan } from './plan.ts';

export interface MigrateCommand extends FleetOptions, MigrateOptions {
  readonly dryRun?: boolean;
}

/**
 * Brings the catalog and all placements to the newest version.
 * @param signal ends the run when what is under way is finished
 */
export async function migrate(options: MigrateCommand, signal: AbortSignal): Promise<ExitCode> {
  if (options.dryRun) {
    return plan(options);
  }
  const config = readMigratorConfig();
  logToStderr(config);
  return reporting(options, (observe) =>
    withFleet(
      config,
      (fleet) => fleet.migrate({ ...options, signal, observe, production: config.production }),
      options,
    ),
  );
}
