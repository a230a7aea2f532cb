import { withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import type { ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import type { OutputOptions } from '../output.ts';
import { report } from '../report.ts';

/** Brings the catalog and all placements to the newest version. */
export async function migrate(options: OutputOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  return report(await withFleet(config, (fleet) => fleet.migrate()), options);
}
