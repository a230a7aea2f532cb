import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { say } from '../../database.ts';
import type { GeneratedPrisma, PrismaAdapter } from './prisma-client.ts';

/** Not one of the workspaces: it is half as large as all of them, and nobody needs it but whoever runs this benchmark. */
const FOLDER = join(import.meta.dirname, '../../../prisma');
const MODULES = join(FOLDER, 'node_modules');

export function isPrismaInstalled(): boolean {
  return existsSync(join(MODULES, '.package-lock.json'));
}

/** As the lock file beside it says, unless that has been done. */
export async function installPrisma(): Promise<void> {
  if (!isPrismaInstalled()) {
    say('installing Prisma');
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
    });
  }
}

/**
 * Generates Prisma's client from the schema, and loads it. Nothing is downloaded: the command would fetch an engine that neither
 * generating nor the client use, so it is given something else for one.
 */
export async function loadPrisma(): Promise<GeneratedPrisma & PrismaAdapter> {
  const command = join(MODULES, 'prisma/build/index.js');
  await promisify(execFile)(process.execPath, [command, 'generate'], {
    cwd: FOLDER,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  const { PrismaClient } = (await load('dist/client.ts')) as GeneratedPrisma;
  const { PrismaPg } = (await load(
    'node_modules/@prisma/adapter-pg/dist/index.mjs',
  )) as PrismaAdapter;
  return { PrismaClient, PrismaPg };
}

function load(path: string): Promise<unknown> {
  return import(pathToFileURL(join(FOLDER, path)).href);
}
