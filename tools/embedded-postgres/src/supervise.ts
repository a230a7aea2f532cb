/**
 * Runs one server until the process that wants it is gone: `supervised-server.ts` starts this, and holds the other end of
 * its stdin, which ends with it. Its one line on stdout says where the server is, or what went wrong.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { leaveRoot } from './leave-root.ts';
import { type ServerOptions, startServer } from './server.ts';

const ALIVE_EVERY_MS = 1000;

const options = JSON.parse(process.argv[2] ?? '{}') as ServerOptions;
leaveRoot(options.directory);

// The package stops the server before the process ends on a signal.
const stop = (): void => {
  process.kill(process.pid, 'SIGTERM');
};
process.stdin.on('close', stop).on('error', stop).resume();
process.on('exit', () => {
  if (options.throwAway) {
    rmSync(options.directory, { recursive: true, force: true });
  }
});

try {
  const address = await startServer(options);
  process.stdout.write(`${JSON.stringify({ address })}\n`);
  endWithServer();
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: (error as Error).message })}\n`);
  process.exit(1);
}

function endWithServer(): void {
  const [pid] = readFileSync(join(options.directory, 'data/postmaster.pid'), 'utf8').split('\n');
  setInterval(() => {
    try {
      process.kill(Number(pid), 0);
    } catch {
      process.exit(1);
    }
  }, ALIVE_EVERY_MS);
}
