import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { MigratorConfig } from '@tenantry/platform';

/** What a command has taken, from the start of its process to the end. */
export interface Cost {
  readonly durationMs: number;
  /** The most memory that the process has had. */
  readonly memoryMiB: number;
}

const MAIN = join(import.meta.dirname, '../../../dist/apps/migrator/main.js');
const TELL_MEMORY = `data:text/javascript,process.on('exit',()=>console.error('maxRSS='+process.resourceUsage().maxRSS))`;

/**
 * Runs a command of the migrator as it is deployed: built, in a process of its own.
 * @throws {Error} with what it said, when it does not exit with 0
 */
export async function runMigrator(
  { database, ownerUrl }: MigratorConfig,
  ...args: readonly string[]
): Promise<Cost> {
  const start = performance.now();
  const command = spawn(process.execPath, ['--import', TELL_MEMORY, MAIN, ...args, '--json'], {
    env: { ...process.env, DATABASE_URL: database.url, MIGRATOR_DATABASE_URL: ownerUrl },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(command, 'exit') as Promise<[number | null]>;
  const said = await text(command.stderr);
  const [code] = await exit;
  if (code !== 0) {
    throw new Error(`migrator ${args.join(' ')} exited with ${code ?? 'a signal'}: ${said}`);
  }
  const [, kibibytes] = /maxRSS=(\d+)/.exec(said) ?? [];
  return { durationMs: performance.now() - start, memoryMiB: Number(kibibytes) / 1024 };
}
