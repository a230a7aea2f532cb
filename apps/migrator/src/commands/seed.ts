import type { SeedProfile } from '@tenantry/platform';
import { DatabaseSeeder, type SeedOutcome } from '@tenantry/seeding';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type OutputOptions, print, table } from '../output.ts';
import { withApplication } from '../with-application.ts';

export interface SeedCommandOptions extends OutputOptions {
  readonly profile?: SeedProfile;
  readonly fresh?: boolean;
}

/** Puts a profile's data in, as the app does: through its login, its scopes and its unit of work. */
export async function seed({
  profile,
  fresh = false,
  ...options
}: SeedCommandOptions): Promise<ExitCode> {
  return withApplication(async (application, config) => {
    const chosen = profile ?? config.seedProfile;
    const outcomes = await application
      .get(DatabaseSeeder)
      .run(chosen, { fresh, production: config.production });
    print(
      { profile: chosen, outcomes },
      [`profile ${chosen}`, ...table(outcomes.map(rowOf))],
      options,
    );
    return EXIT.done;
  });
}

function rowOf({ tenant, added }: SeedOutcome): string[] {
  return [tenant, added > 0 ? `${added} added` : 'nothing to add'];
}
