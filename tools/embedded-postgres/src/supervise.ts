/**
 * Runs one server until the process that wants it is gone: `supervised-server.ts` starts this, and holds the other end of
 * its stdin, which ends with it. The first line on stdout says where the server is, or what went wrong. Then each line on
 * stdin is a command, and has an answer.
 */
import { createInterface } from 'node:readline';
import { type Command, perform } from './command.ts';
import { leaveRoot } from './leave-root.ts';
import { type ServerOptions, startServer } from './server.ts';
import { folderOnSmallDisk, mountSmallDisk } from './small-disk.ts';

const ALIVE_EVERY_MS = 1000;

const options = JSON.parse(process.argv[2] ?? '{}') as ServerOptions;
if (options.smallDiskMiB !== undefined) {
  mountSmallDisk(options.directory, options.smallDiskMiB);
}
leaveRoot(options.directory);

// The package stops the server before the process ends on a signal.
const stop = (): void => {
  process.kill(process.pid, 'SIGTERM');
};
process.stdin.on('close', stop).on('error', stop).resume();

try {
  const { address, postmaster } = await startServer(options);
  setInterval(() => {
    if (postmaster.hasEnded()) {
      process.exit(1);
    }
  }, ALIVE_EVERY_MS);
  answer({ address, smallDisk: folderOnSmallDisk(options.directory) });
  for await (const line of createInterface(process.stdin)) {
    await perform(JSON.parse(line) as Command, postmaster, options.directory).then(() => {
      answer({});
    }, refuse);
  }
} catch (error) {
  refuse(error);
  process.exit(1);
}

function answer(it: object): void {
  process.stdout.write(`${JSON.stringify(it)}\n`);
}

function refuse(error: unknown): void {
  answer({ error: (error as Error).message });
}
