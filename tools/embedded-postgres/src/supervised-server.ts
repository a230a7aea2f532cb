import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerAddress, ServerOptions } from './server.ts';

export interface SupervisedServer {
  readonly address: ServerAddress;
  /** Settles when the server has ended, by itself or by `stop`. */
  readonly ended: Promise<unknown>;
  /** Asks the server to end in good order; `ended` says when it has. */
  stop(): void;
}

/** Node types them as streams; they are the sockets that can be left out of account with `unref`. */
type Pipes = [null, Socket, null, Socket, undefined];

/**
 * Starts a server that ends when this process does, even one that was killed: then the pipe between them closes.
 *
 * It is no descendant of this process, by way of a shell that ends at once. Whoever ends a tree of processes from its
 * leaves up, as Nx does, would signal PostgreSQL's own workers first, which ignore that, and in the end kill them all.
 * @throws {Error} saying why it could not be started
 */
export async function superviseServer(options: ServerOptions): Promise<SupervisedServer> {
  const shell = spawn(
    'sh',
    [
      '-c',
      '"$@" <&3 3<&- &',
      'sh',
      process.execPath,
      join(import.meta.dirname, 'supervise.ts'),
      JSON.stringify(options),
    ],
    // A session of its own: the terminal's Ctrl-C is for this process, not for the server.
    { stdio: ['ignore', 'pipe', 'inherit', 'pipe'], detached: true },
  );
  const [, output, , lifeline] = shell.stdio as Pipes;
  lifeline.on('error', () => undefined);
  const ended = once(output, 'close');
  const address = await addressFrom(output);
  // Neither pipe is a reason for this process to go on.
  output.unref();
  lifeline.unref();
  return {
    address,
    ended,
    stop: () => {
      output.ref();
      lifeline.destroy();
    },
  };
}

async function addressFrom(output: Socket): Promise<ServerAddress> {
  const lines = createInterface(output);
  const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
  if (line === undefined) {
    throw new Error('The embedded PostgreSQL ended before it was ready.');
  }
  const { address, error } = JSON.parse(line) as { address?: ServerAddress; error?: string };
  if (!address) {
    throw new Error(error);
  }
  return address;
}
