import { availableParallelism } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import type { DatabaseConfig, MigratorConfig, SeedProfile } from '@tenantry/platform';
import {
  type BaseSeeder,
  DatabaseSeeder,
  LoadSeeders,
  type SeedOptions,
  type SeedRunProfile,
} from '@tenantry/seeding';
import type { ExitCode } from '../../exit-codes.ts';
import type { OutputOptions } from '../../output.ts';
import { withApplication } from '../../with-application.ts';
import { type LoadCommandOptions, loadOptions } from './load-options.ts';
import { printRehearsal, reportingSeeds } from './report.ts';

/** What the command line says of any seeding. */
export interface SeedRunCommand
  extends
    OutputOptions,
    Omit<SeedOptions, 'profile' | 'production' | 'concurrency' | 'tenants' | 'seeders' | 'signal'> {
  readonly concurrency?: number;
  readonly dryRun?: boolean;
}

/** What it says of the seeding of a profile. */
export interface SeedCommand extends SeedRunCommand, Omit<LoadCommandOptions, 'tenants'> {
  readonly profile?: SeedProfile;
  /** Only these tenants. */
  readonly tenant?: readonly string[];
  /** How many, in a load. */
  readonly tenants?: number;
}

/**
 * Puts a profile's data in, as the app does: through its login, its scopes and its unit of work.
 * @param signal ends the run when what is under way is finished
 */
export function seed(options: SeedCommand, signal: AbortSignal): Promise<ExitCode> {
  const { profile, tenant, tenants, rows, dedicated, skew, seed: number, ...run } = options;
  const load = { tenants, rows, dedicated, skew, seed: number };
  return runSeeders(
    { ...run, ...(tenant && { tenants: tenant }) },
    signal,
    (application, config) => {
      const chosen = profile ?? config.seedProfile;
      const seeders = chosen === 'load' ? application.get(LoadSeeders).of(loadOptions(load)) : [];
      return { profile: chosen, seeders };
    },
  );
}

/** What is seeded in a run. */
interface Seeding {
  readonly profile: SeedRunProfile;
  readonly seeders: readonly BaseSeeder[];
}

/**
 * A run, or a rehearsal of it.
 * @param signal ends the run when what is under way is finished
 */
export async function runSeeders(
  { concurrency, dryRun = false, ...options }: SeedRunCommand & Pick<SeedOptions, 'tenants'>,
  signal: AbortSignal,
  choose: (application: INestApplicationContext, config: MigratorConfig) => Seeding,
): Promise<ExitCode> {
  return withApplication(async (application, config) => {
    const seeding: SeedOptions = {
      ...options,
      ...choose(application, config),
      production: config.production,
      concurrency: concurrency ?? concurrencyFor(config.database),
      signal,
    };
    const seeder = application.get(DatabaseSeeder);
    return dryRun
      ? printRehearsal(await seeder.rehearse(seeding), options)
      : reportingSeeds(options, (observe) => seeder.run({ ...seeding, observe }));
  });
}

/** Two for each core, as long as one connection is left to ask and record with. */
function concurrencyFor({ poolMax }: DatabaseConfig): number {
  return Math.max(1, Math.min(2 * availableParallelism(), poolMax - 1));
}
