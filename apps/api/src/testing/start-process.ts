import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** The API as it is run in real life: a process of its own. */
export interface ApiProcess {
  readonly port: number;
  readonly process: ChildProcessByStdio<null, Readable, null>;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts it on a port of its own, and returns when it listens. */
export async function startProcess(environment: Record<string, string>): Promise<ApiProcess> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@tenantry/source',
      '--import',
      '@swc-node/register/esm-register',
      'apps/api/src/main.ts',
    ],
    {
      cwd: join(import.meta.dirname, '../../../..'),
      env: { ...process.env, NODE_OPTIONS: '', ...environment, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { port: await portOf(child), process: child, ended };
}

/** What it says when it listens is for people to read. */
async function portOf({ stdout }: ApiProcess['process']): Promise<number> {
  stdout.setEncoding('utf8');
  let said = '';
  return new Promise((resolve, reject) => {
    stdout.on('data', (chunk: string) => {
      said += chunk;
      const [, port] = /http:\/\/[\w.]+:(\d+)/.exec(said) ?? [];
      if (port !== undefined) {
        resolve(Number(port));
      }
    });
    stdout.once('end', () => {
      reject(new Error(`The API has ended before it listened: ${said}`));
    });
  });
}
