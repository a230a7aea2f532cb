import { type Command, Option } from 'commander';
import { SEED_PROFILES } from '@tenantry/platform';
import { LOAD_SKEWS } from '@tenantry/seeding';
import { exportSeed, type ExportCommand } from './commands/seed/export.ts';
import { type ImportCommand, importSeed } from './commands/seed/import.ts';
import { seed, type SeedCommand } from './commands/seed/run.ts';
import type { ExitCode } from './exit-codes.ts';
import { addWaveOptions, names, wholeNumber, wholeNumberOrNone } from './fleet-options.ts';
import type { Interruption } from './interruption.ts';

/** Adds what seeds, to the commands. */
export function addSeedCommands(
  program: Command,
  json: () => Option,
  interruption: Interruption,
  done: (code: ExitCode) => void,
): void {
  const command = program.command('seed');
  addConsent(addWaveOptions(command))
    .description('put data in that should be there: what has been seeded before is skipped')
    .addOption(new Option('--profile <profile>', 'instead of SEED_PROFILE').choices(SEED_PROFILES))
    .option('--only <seeders>', 'only these, with what they depend on; commas between', names)
    .option('--tenant <slugs>', 'only these tenants, with commas between', names)
    .option('--force', 'apply again what has not changed, too')
    .option('--overwrite', 'make what people have changed or removed again what it was')
    .option('--fresh', 'remove the profile’s tenants first, with all that they have')
    .option('--dry-run', 'say what would be done to which target')
    .option('--tenants <number>', 'of a load', wholeNumber)
    .option('--rows <number>', 'of a load: members, projects and tasks together', wholeNumber)
    .option(
      '--dedicated <number>',
      'tenants of a load with a schema of their own',
      wholeNumberOrNone,
    )
    .addOption(new Option('--skew <skew>', 'how the rows of a load are spread').choices(LOAD_SKEWS))
    .option('--seed <number>', 'another one gives other rows of a load', wholeNumberOrNone)
    .addOption(json())
    .action(async (options: SeedCommand) => {
      done(await seed(options, interruption.toFinish()));
    });

  command
    .command('export')
    .description('write a tenant’s data as a seed, without what says who its people are')
    .requiredOption('--tenant <slug>', 'whose')
    .option('--output <file>', 'where to, instead of stdout')
    .option('--keep-text', 'with titles and descriptions as they are')
    .action(async (options: ExportCommand) => {
      done(await exportSeed(options));
    });
  addConsent(command.command('import'))
    .description('make a tenant of what was exported; production refuses it')
    .requiredOption('--file <file>', 'what was exported')
    .option('--as <slug>', 'another name for the tenant than the one in the file')
    .option('--dry-run', 'say what would be done to which target')
    .addOption(json())
    .action(async (options: ImportCommand) => {
      done(await importSeed(options, interruption.toFinish()));
    });
}

/** Adds what has to be said in production, where what is made up and what removes is refused. */
function addConsent(command: Command): Command {
  return command
    .option('--allow-production', 'even in production; --database has to be right, too')
    .option('--database <name>', 'the name of the database, typed, for --allow-production');
}
