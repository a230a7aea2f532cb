import { Command, CommanderError, Option } from 'commander';
import { DomainError } from '@tenantry/domain';
import {
  BuildOutOfRange,
  CanaryRuledOut,
  CannotConnect,
  ContractRefused,
  CatalogPending,
  LockTaken,
  MIGRATION_LISTS,
  MigrationChanged,
  MigrationFailed,
  MigrationOutOfOrder,
  PoolerInBetween,
  RollbackRefused,
  ServerNotPrepared,
  UnknownMigration,
  UnknownPlacement,
} from '@tenantry/persistence';
import { InvalidEnvironment } from '@tenantry/platform';
import {
  LoadImpossible,
  SeedersUnordered,
  SeedFileInvalid,
  SeedingRefused,
  UnknownSeeder,
} from '@tenantry/seeding';
import { baseline, type BaselineCommand } from './commands/baseline.ts';
import { create } from './commands/create.ts';
import { doctor } from './commands/doctor.ts';
import { lintMigrations } from './commands/lint.ts';
import { migrate, type MigrateCommand } from './commands/migrate.ts';
import { plan } from './commands/plan.ts';
import { proveIsolation } from './commands/prove-isolation.ts';
import { provision, type ProvisionOptions } from './commands/provision.ts';
import { rollback, type RollbackCommand } from './commands/rollback.ts';
import { status } from './commands/status.ts';
import { addEventCommands } from './event-commands.ts';
import { verify, type VerifyOptions } from './commands/verify.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addFleetOptions, addMigrateOptions, names } from './fleet-options.ts';
import { Interruption } from './interruption.ts';
import { SquawkFailed } from './lint/squawk.ts';
import { printError } from './output.ts';
import { addSeedCommands } from './seed-commands.ts';
import { addTenantCommands } from './tenant-commands.ts';

/** Does what the command line says, and gives the exit code. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  const interruption = new Interruption();
  let code: ExitCode = EXIT.done;
  const program = commands(interruption, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    return codeOf(error);
  } finally {
    interruption.stopListening();
  }
}

/** Errors that say what to do: their message is all that is shown. */
const EXPECTED = [
  BuildOutOfRange,
  CanaryRuledOut,
  CannotConnect,
  ContractRefused,
  CatalogPending,
  DomainError,
  InvalidEnvironment,
  LoadImpossible,
  LockTaken,
  MigrationChanged,
  MigrationFailed,
  MigrationOutOfOrder,
  PoolerInBetween,
  RollbackRefused,
  SeedersUnordered,
  SeedFileInvalid,
  SeedingRefused,
  ServerNotPrepared,
  SquawkFailed,
  UnknownPlacement,
  UnknownSeeder,
];

function codeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  printError(
    error,
    EXPECTED.some((expected) => error instanceof expected),
  );
  const [, code = EXIT.fatal] = CODES.find(([type]) => error instanceof type) ?? [];
  return code;
}

const CODES = [
  [LockTaken, EXIT.locked],
  [MigrationChanged, EXIT.drift],
  [CanaryRuledOut, EXIT.usage],
  [UnknownMigration, EXIT.usage],
  [UnknownPlacement, EXIT.usage],
  [UnknownSeeder, EXIT.usage],
  [LoadImpossible, EXIT.usage],
] as const;

function commands(interruption: Interruption, done: (code: ExitCode) => void): Command {
  const json = (): Option => new Option('--json', 'print JSON, for programs');
  const list = (): Option =>
    new Option('--list <list>', 'of the catalog, or of the placements')
      .choices(MIGRATION_LISTS)
      .default('tenant');
  const program = new Command('migrator')
    .description('Brings the catalog and all placements to the newest version, and fills them.')
    // What follows a command is its own, though one before it has an option of the same name.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError();

  addMigrateOptions(program.command('migrate'))
    .description('apply what is pending: the catalog first, then every placement')
    .option('--dry-run', 'say what would be done, as plan does')
    .addOption(json())
    .action(async (options: MigrateCommand) => {
      done(await migrate(options, interruption));
    });
  addMigrateOptions(program.command('plan'))
    .description('say what migrate would do, with its SQL and locks, and change nothing')
    .addOption(json())
    .action(async (options: MigrateCommand) => {
      done(await plan(options));
    });
  program
    .command('lint')
    .description(
      `say what is wrong with the migrations; exits with ${EXIT.fatal} when something is`,
    )
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await lintMigrations(options));
    });
  program
    .command('status')
    .description(`say what is pending where; exits with ${EXIT.pending} when something is`)
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await status(options));
    });
  program
    .command('verify')
    .description(
      `compare what is in the placements with what their migrations make; exits with ${EXIT.drift} when it differs`,
    )
    .option('--only <names>', 'only these: tenants or schemas, with commas between', names)
    .option('--exclude <names>', 'not these', names)
    .addOption(json())
    .action(async (options: VerifyOptions) => {
      done(await verify(options));
    });
  program
    .command('doctor')
    .description(
      `say how the database is, as the app sees it, and what to do; exits with ${EXIT.fatal} when something fails`,
    )
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await doctor(options));
    });
  program
    .command('baseline')
    .description(
      `record what is in the placements and the ledger lacks; exits with ${EXIT.drift} where it is no migrations’ doing`,
    )
    .option('--only <names>', 'only these: tenants or schemas, with commas between', names)
    .option('--exclude <names>', 'not these', names)
    .option('--dry-run', 'say what would be recorded')
    .addOption(json())
    .action(async (options: BaselineCommand) => {
      done(await baseline(options, interruption));
    });
  addFleetOptions(program.command('rollback'))
    .description('take the newest migration back, wherever it has been applied')
    .addOption(list())
    .option('--to <name>', 'take all back that came after this one')
    .option('--lose-data', 'even where rows or columns are lost by it')
    .option('--dry-run', 'say what would be done')
    .addOption(json())
    .action(async (options: RollbackCommand) => {
      done(await rollback(options, interruption));
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
    .command('prove-isolation')
    .description(
      `inspect and attack the database, to prove that tenants are isolated; exits with ${EXIT.drift} when they are not`,
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
  addSeedCommands(program, json, interruption, done);
  addTenantCommands(program, json, done);
  addEventCommands(program, json, done);
  return program;
}
