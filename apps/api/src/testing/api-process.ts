import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, type Answer, type Call, send } from './api-harness.ts';

/** A line of the log, as a collector of logs reads it. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly reqId?: string;
  readonly tenant?: string;
  readonly req?: { readonly method: string; readonly url: string };
  readonly res?: { readonly statusCode: number };
  readonly responseTime?: number;
  readonly queries?: number;
  readonly databaseMs?: number;
  readonly query?: string;
  readonly mostRepeated?: { readonly text: string; readonly count: number };
}

/** The API as it is run in real life, beside the one of the spec: a process of its own, whose log can be read. */
export async function startApiProcess(
  { config }: Pick<Api, 'config'>,
  variables: Record<string, string>,
) {
  const port = await freePort();
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
      // In production lines are JSON, whatever is installed.
      env: { ...process.env, NODE_OPTIONS: '', ...config, PORT: String(port), ...variables },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => (output += chunk));
  const call = (what: Call): Promise<Answer> => send(port, what);
  const isUp = (): Promise<boolean> =>
    call({ path: '/health/live' }).then(
      () => true,
      () => false,
    );
  while (child.exitCode === null && !(await isUp())) {
    await sleep(50);
  }
  const tellToEnd = (): void => {
    child.kill('SIGTERM');
  };
  return {
    port,
    call,
    tellToEnd,
    /** Its exit code, once it has ended. */
    ended,
    /** All that was written, once it has ended. */
    stop: async (): Promise<{ readonly text: string; readonly lines: readonly LogLine[] }> => {
      tellToEnd();
      await ended;
      const lines = output.split('\n').filter((line) => line.startsWith('{'));
      return { text: output, lines: lines.map((line) => JSON.parse(line) as LogLine) };
    },
  };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
