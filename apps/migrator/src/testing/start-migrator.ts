import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TestDatabase } from '@tenantry/embedded-postgres';

/** The command as it is run in real life: a process of its own. */
export function startMigrator(
  address: TestDatabase['address'],
  ...args: readonly string[]
): ChildProcessByStdio<null, Readable, null> {
  return spawn(
    process.execPath,
    [
      '--conditions=@tenantry/source',
      '--import',
      '@swc-node/register/esm-register',
      'apps/migrator/src/main.ts',
      ...args,
    ],
    {
      cwd: join(import.meta.dirname, '../../../..'),
      env: { ...process.env, NODE_OPTIONS: '', ...address },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}
