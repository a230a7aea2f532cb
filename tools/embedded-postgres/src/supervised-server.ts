import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from './command.ts';
import type { ServerAddress, ServerOptions } from './server.ts';

export interface SupervisedServer {
  readonly address: ServerAddress;
  /** A folder on the small disk that was wanted; `undefined` where this machine does not let one be made. */
  readonly smallDisk: string | undefined;
  /** Settles when the server has ended, by itself or by `stop`. */
  readonly ended: Promise<unknown>;
  /** Asks the server to end in good order; `ended` says when it has. */
  stop(): void;
  /**
   * Has a command performed, after those that were given before.
   * @throws {Error} saying why it could not be
   */
  ask(command: Command): Promise<void>;
}

/** Node types them as streams; they are the sockets that can be left out of account with `unref`. */
type Pipes = [null, Socket, null, Socket, undefined];

/**
 * Runs the supervisor, and clears away after it: from outside, since a folder in which something is mounted cannot be
 * removed by those who see it.
 */
const SUPERVISE = 'remove=$1; shift; { "$@"; test -z "$remove" || rm -rf "$remove"; } <&3 3<&- &';

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
      SUPERVISE,
      'sh',
      options.throwAway ? options.directory : '',
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
  const answer = answersFrom(output);
  const { address, smallDisk } = (await answer()) as Pick<
    SupervisedServer,
    'address' | 'smallDisk'
  >;
  // Neither pipe is a reason for this process to go on.
  lifeline.unref();
  return {
    address,
    smallDisk,
    ended,
    stop: () => {
      output.ref();
      lifeline.destroy();
    },
    ask: async (command) => {
      lifeline.write(`${JSON.stringify(command)}\n`);
      await answer();
    },
  };
}

/** Each call gets the next answer; only meanwhile the pipe is a reason for this process to go on. */
function answersFrom(output: Socket): () => Promise<object> {
  const lines = createInterface(output)[Symbol.asyncIterator]();
  let awaited = 0;
  return async () => {
    awaited++;
    output.ref();
    const { value: line, done } = await lines.next();
    if (--awaited === 0) {
      output.unref();
    }
    if (done) {
      throw new Error('The embedded PostgreSQL has ended.');
    }
    const answer = JSON.parse(line) as { error?: string };
    if (answer.error !== undefined) {
      throw new Error(answer.error);
    }
    return answer;
  };
}
