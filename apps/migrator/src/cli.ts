import { Command, CommanderError, Option } from 'commander';
import { DomainError } from '@tenantry/domain';
import {
  CannotConnect,
  LockTaken,
  MIGRATION_LISTS,
  ServerNotPrepared,
} from '@tenantry/persistence';
import { InvalidEnvironment, SEED_PROFILES } from '@tenantry/platform';
import { SeedingRefused } from '@tenantry/seeding';
import { create } from './commands/create.ts';
import { migrate } from './commands/migrate.ts';
import { proveIsolation } from './commands/prove-isolation.ts';
import { provision, type ProvisionOptions } from './commands/provision.ts';
import { rollback } from './commands/rollback.ts';
import { seed } from './commands/seed.ts';
import { status } from './commands/status.ts';
import { addEventCommands } from './event-commands.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printError } from './output.ts';
import { addTenantCommands } from './tenant-commands.ts';

/** Does what the command line says, and gives the exit code. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  // Each target is a transaction, each operation a saga: what is stopped in the middle is completed by the next run.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(EXIT.interrupted));
  }
  let code: ExitCode = EXIT.done;
  const program = commands((result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    return codeOf(error);
  }
}

/** Errors that say what to do: their message is all that is shown. */
const EXPECTED = [
  CannotConnect,
  DomainError,
  InvalidEnvironment,
  LockTaken,
  SeedingRefused,
  ServerNotPrepared,
];

function codeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  printError(
    error,
    EXPECTED.some((expected) => error instanceof expected),
  );
  return error instanceof LockTaken ? EXIT.locked : EXIT.fatal;
}

function commands(done: (code: ExitCode) => void): Command {
  const json = (): Option => new Option('--json', 'print JSON, for programs');
  const list = (): Option =>
    new Option('--list <list>', 'of the catalog, or of the placements')
      .choices(MIGRATION_LISTS)
      .default('tenant');
  const program = new Command('migrator')
    .description('Brings the catalog and all placements to the newest version, and fills them.')
    .exitOverride()
    .showHelpAfterError();

  program
    .command('migrate')
    .description('apply what is pending: the catalog first, then every placement')
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await migrate(options));
    });
  program
    .command('status')
    .description(`say what is pending where; exits with ${EXIT.pending} when something is`)
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await status(options));
    });
  program
    .command('rollback')
    .description('take the newest migration back, wherever it has been applied')
    .addOption(list())
    .addOption(json())
    .option('--production', 'allow it in production: data that the migration made room for is lost')
    .action(async (options: Parameters<typeof rollback>[0]) => {
      done(await rollback(options));
    });
  program
    .command('create')
    .description('write a migration with what the mapping has and the migrations lack')
    .requiredOption('--name <name>', 'what it does, such as add-due-date')
    .addOption(list())
    .action(async (options: Parameters<typeof create>[0]) => {
      done(await create(options));
    });
  program
    .command('seed')
    .description('put data in that should be there, and is missing')
    .addOption(new Option('--profile <profile>', 'instead of SEED_PROFILE').choices(SEED_PROFILES))
    .option('--fresh', 'remove the profile’s tenants first, with all that they have')
    .addOption(json())
    .action(async (options: Parameters<typeof seed>[0]) => {
      done(await seed(options));
    });

  program
    .command('prove-isolation')
    .description(
      `inspect and attack the database, to prove that tenants are isolated; exits with ${EXIT.leak} when they are not`,
    )
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await proveIsolation(options));
    });
  program
    .command('provision')
    .description('carry out what has been requested for tenants, until a signal')
    .option('--once', 'until nothing is due')
    .addOption(json())
    .action(async (options: ProvisionOptions) => {
      done(await provision(options));
    });
  addTenantCommands(program, json, done);
  addEventCommands(program, json, done);
  return program;
}
