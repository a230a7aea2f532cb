import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StopMode } from './postmaster.ts';
import type { ServerAddress, ServerOptions } from './server.ts';
import { logFile } from './server-log.ts';
import { superviseServer } from './supervised-server.ts';

/** A server for tests that take it away. It keeps its port and what was committed, however it is stopped. */
export interface RestartableServer {
  readonly address: ServerAddress;
  /** What it has to say. */
  readonly logFile: string;
  /** A folder for a tablespace that is soon full; `undefined` where none was wanted, or this machine lets none be made. */
  readonly smallDisk: string | undefined;
  /** @param mode `immediate` is as good as a crash: the next start recovers from the log */
  stop(mode: StopMode): Promise<void>;
  /** @throws {Error} with the last lines of its log, when it cannot be started; then it has ended for good */
  start(): Promise<void>;
  /**
   * Kills a process of the server with SIGKILL. The server ends all connections, recovers and comes back by itself.
   * @throws {Error} when the server has no such process
   */
  killBackend(pid: number): Promise<void>;
  /** Ends it for good, stopped or not, and removes its folder. The end of this process does the same. */
  end(): Promise<void>;
}

/** Starts a server of one's own: unlike the test run's, it may be stopped, crashed and filled up. */
export async function startRestartableServer(
  options: Pick<ServerOptions, 'settings' | 'smallDiskMiB'> = {},
): Promise<RestartableServer> {
  const name = `tenantry-restartable-${process.pid}_${randomBytes(3).toString('hex')}`;
  const directory = join(tmpdir(), name);
  const server = await superviseServer({
    ...options,
    directory,
    port: 0,
    throwAway: true,
    keepsCommits: true,
  });
  return {
    address: server.address,
    logFile: logFile(directory),
    smallDisk: server.smallDisk,
    stop: (mode) => server.ask({ kind: 'stop', mode }),
    start: () => server.ask({ kind: 'start' }),
    killBackend: (backend) => server.ask({ kind: 'kill', backend }),
    end: async () => {
      server.stop();
      await server.ended;
    },
  };
}
