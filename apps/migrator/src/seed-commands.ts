import { type Command, Option } from 'commander';
import { SEED_PROFILES } from '@tenantry/platform';
import { seed, type SeedCommand } from './commands/seed/run.ts';
import type { ExitCode } from './exit-codes.ts';
import { addWaveOptions, names } from './fleet-options.ts';
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
    .addOption(json())
    .action(async (options: SeedCommand) => {
      done(await seed(options, interruption.toFinish()));
    });
}

/** Adds what has to be said in production, where what is made up and what removes is refused. */
function addConsent(command: Command): Command {
  return command
    .option('--allow-production', 'even in production; --database has to be right, too')
    .option('--database <name>', 'the name of the database, typed, for --allow-production');
}
