import { createMigration, type MigrationListName } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { print, printError } from '../output.ts';

export interface CreateOptions {
  readonly name: string;
  readonly list: MigrationListName;
}

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Writes a migration into the source, with what the mapping has and the migrations of the list lack. */
export async function create({ name, list }: CreateOptions): Promise<ExitCode> {
  if (!NAME.test(name)) {
    printError(
      new Error('The name must be lower-case words with hyphens between, such as add-due-date.'),
      true,
    );
    return EXIT.usage;
  }
  const config = readMigratorConfig();
  logToStderr(config);
  const path = await createMigration(list, name, config.ownerUrl, config.database);
  print(
    { path },
    [path ?? `Mapping and migrations of the ${list} list agree: there is nothing to write.`],
    {},
  );
  return EXIT.done;
}
