import { type MigrationListName, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, printError } from '../output.ts';
import { report } from '../report.ts';

export interface RollbackOptions extends OutputOptions {
  readonly list: MigrationListName;
  readonly production?: boolean;
}

/** Takes the newest migration of a list back. In production it has to be allowed by name. */
export async function rollback({
  list,
  production,
  ...options
}: RollbackOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  if (config.production && !production) {
    printError(
      new Error(
        'This is production: what the migration made room for would be lost. Say --production if you mean it.',
      ),
      true,
    );
    return EXIT.fatal;
  }
  return report(await withFleet(config, (fleet) => fleet.rollback(list)), options);
}
