import { availableParallelism } from 'node:os';
import type { DatabaseConfig, SeedProfile } from '@tenantry/platform';
import { DatabaseSeeder, type SeedOptions } from '@tenantry/seeding';
import type { ExitCode } from '../../exit-codes.ts';
import type { OutputOptions } from '../../output.ts';
import { withApplication } from '../../with-application.ts';
import { printRehearsal, reportingSeeds } from './report.ts';

/** What the command line says of a seeding. */
export interface SeedCommand
  extends
    OutputOptions,
    Omit<SeedOptions, 'profile' | 'production' | 'concurrency' | 'tenants' | 'seeders' | 'signal'> {
  readonly profile?: SeedProfile;
  readonly concurrency?: number;
  /** Only these tenants. */
  readonly tenant?: readonly string[];
  readonly dryRun?: boolean;
}

/**
 * Puts a profile's data in, as the app does: through its login, its scopes and its unit of work.
 * @param signal ends the run when what is under way is finished
 */
export async function seed(options: SeedCommand, signal: AbortSignal): Promise<ExitCode> {
  const { profile, tenant, concurrency, dryRun = false, ...more } = options;
  return withApplication(async (application, config) => {
    const seeding: SeedOptions = {
      ...more,
      ...(tenant && { tenants: tenant }),
      profile: profile ?? config.seedProfile,
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
