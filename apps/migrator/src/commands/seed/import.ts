import { readFile } from 'node:fs/promises';
import { slug } from '@tenantry/domain';
import { ProfileSeeders, readSeedFile } from '@tenantry/seeding';
import type { ExitCode } from '../../exit-codes.ts';
import { runSeeders, type SeedRunCommand } from './run.ts';

export interface ImportCommand extends SeedRunCommand {
  readonly file: string;
  /** Another slug than the one in the file. */
  readonly as?: string;
}

/**
 * Makes a tenant of what was exported.
 * @param signal ends the run when what is under way is finished
 */
export async function importSeed(
  { file, as, ...run }: ImportCommand,
  signal: AbortSignal,
): Promise<ExitCode> {
  const text = await readFile(file, 'utf8');
  const tenant = readSeedFile(text, as === undefined ? {} : { as: slug(as) });
  return runSeeders(run, signal, (application) => ({
    profile: 'import',
    seeders: application.get(ProfileSeeders).ofTenants('import', [tenant]),
  }));
}
