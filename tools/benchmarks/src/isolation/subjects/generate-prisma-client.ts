import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { GeneratedPrisma } from './prisma-client.ts';

const PRISMA = fileURLToPath(new URL('build/index.js', import.meta.resolve('prisma/package.json')));
const SCHEMA = join(import.meta.dirname, '../../../prisma/schema.prisma');
const GENERATED = join(import.meta.dirname, '../../../dist/prisma/client.ts');

/**
 * Generates Prisma's client from the schema, and loads it. Nothing is downloaded: the command would fetch an engine that neither
 * generating nor the client use, so it is given something else for one.
 */
export async function generatePrismaClient(): Promise<GeneratedPrisma> {
  await promisify(execFile)(process.execPath, [PRISMA, 'generate', `--schema=${SCHEMA}`], {
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  return (await import(pathToFileURL(GENERATED).href)) as GeneratedPrisma;
}
