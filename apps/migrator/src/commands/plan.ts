import { type MigrateOptions, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { FleetOptions } from '../fleet-options.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { printPlan } from '../print-plan.ts';

/** Says what `migrate` would do, and changes nothing. */
export async function plan(options: FleetOptions & MigrateOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  const { catalog, waves } = await withFleet(config, (fleet) => fleet.plan(options));
  const ofCatalog = { name: 'catalog', targets: [catalog], isCanary: false };
  printPlan(catalog.steps.length > 0 ? [ofCatalog, ...waves] : waves, options);
  return EXIT.done;
}
