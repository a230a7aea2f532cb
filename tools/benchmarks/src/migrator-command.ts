import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { MigratorConfig } from '@tenantry/platform';
import { z } from 'zod';

/** What a command has taken, from the start of its process to the end. */
export interface Cost {
  readonly durationMs: number;
  /** The most memory that the process has had. */
  readonly memoryMiB: number;
}

const ROOT = join(import.meta.dirname, '../../..');
const DEPLOYED = join(ROOT, 'dist/apps/migrator');
const TELL_MEMORY = `data:text/javascript,process.on('exit',()=>console.error('maxRSS='+process.resourceUsage().maxRSS))`;

/** How its image runs it: what comes after `node`. */
async function entryPoint(): Promise<readonly string[]> {
  const dockerfile = await readFile(join(ROOT, 'apps/migrator/Dockerfile'), 'utf8');
  const [, command = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const [, ...rest] = z.array(z.string()).min(2).parse(JSON.parse(command));
  return rest;
}

/**
 * Runs a command of the migrator as it is deployed: built, in a process of its own.
 * @throws {Error} with what it said, when it does not exit with 0
 */
export async function runMigrator(
  { database, ownerUrl }: MigratorConfig,
  ...args: readonly string[]
): Promise<Cost> {
  const start = performance.now();
  const all = ['--import', TELL_MEMORY, ...(await entryPoint()), ...args, '--json'];
  const command = spawn(process.execPath, all, {
    cwd: DEPLOYED,
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
