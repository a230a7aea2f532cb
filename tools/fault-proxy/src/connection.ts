import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Aftermath, CommitFault, Faults } from './commit-fault.ts';
import type { Counters } from './counters.ts';
import { Gate } from './gate.ts';
import { type Closing, Link } from './link.ts';
import type { Network } from './network.ts';
import { Replies } from './replies.ts';
import { type Request, Requests } from './requests.ts';

/** What the connections of a proxy have in common. */
export interface Surroundings {
  readonly target: { readonly host: string; readonly port: number };
  readonly network: Network;
  readonly faults: Faults;
  readonly counters: Counters;
}

/** The server's answer to a client that wants to encrypt. */
const NOT_ENCRYPTED = Buffer.from('N');

/** A client's connection, and the one to the server that is made for it. */
export class Connection {
  /** While it is shut nothing flows, and neither side learns what becomes of the other. */
  readonly gate = new Gate();
  /** Settles when both sides are closed. */
  readonly closed: Promise<unknown>;
  readonly #client: Socket;
  readonly #server = new Socket({ allowHalfOpen: true });
  readonly #around: Surroundings;
  readonly #toClient: Link;
  readonly #toServer: Link;
  readonly #requests = new Requests();
  readonly #replies = new Replies();
  readonly #destroyed = new AbortController();
  /** The reply to a COMMIT, which is awaited to be dropped. */
  #awaited: { readonly round: number; readonly then: Aftermath } | undefined;
  /** A COMMIT that is held back, and what came behind it. */
  #late: Buffer[] | undefined;

  constructor(client: Socket, around: Surroundings) {
    this.#client = client;
    this.#around = around;
    around.counters.connections++;
    const sockets = [client, this.#server];
    this.closed = Promise.all(sockets.map(closing));
    for (const socket of sockets) {
      // What an error means for the other side is said where the stream ends.
      socket.on('error', () => undefined);
      socket.setNoDelay(true).unref();
    }
    this.#toClient = new Link(client, 'toClient', around.network, this.gate);
    this.#toServer = new Link(this.#server, 'toServer', around.network, this.gate);
  }

  /** The pid of the server's process, once it has said so. */
  get backend(): number | undefined {
    return this.#replies.backend;
  }

  /** Connects to the server, when the gate is open, and passes on what both sides send until they close. */
  async open(): Promise<void> {
    await this.gate.passed();
    this.#server.connect(this.#around.target);
    await Promise.all([this.#passRequests(), this.#passReplies()]);
  }

  /** Breaks it: the client gets a reset. */
  reset(): void {
    this.#resetClient();
    this.destroy();
  }

  destroy(): void {
    this.gate.shutForGood();
    this.#destroyed.abort();
    this.#client.destroy();
    this.#server.destroy();
  }

  #resetClient(): void {
    this.#around.counters.resets++;
    this.#client.resetAndDestroy();
  }

  async #passRequests(): Promise<void> {
    const end = await forEachChunk(this.#client, async (chunk) => {
      for (const request of this.#requests.read(chunk)) {
        await this.gate.passed();
        this.#passRequest(request);
      }
      await this.#toServer.room();
    });
    // A late COMMIT arrives though its client has gone.
    if (!this.#late) {
      this.#toServer.close(end);
    }
  }

  #passRequest(request: Request): void {
    const { kind, bytes } = request;
    const { counters, faults } = this.#around;
    if (this.#late) {
      this.#late.push(bytes);
    } else if (kind === 'encryption') {
      this.#toClient.send(NOT_ENCRYPTED);
    } else if (kind === 'commit') {
      counters.commits++;
      this.#passCommit(request, faults.onCommit?.(this.backend));
    } else {
      counters.cancelRequests += kind === 'cancel' ? 1 : 0;
      this.#toServer.send(bytes);
    }
  }

  #passCommit({ bytes, round }: Request, fault: CommitFault | undefined): void {
    const { counters } = this.#around;
    switch (fault?.kind) {
      case undefined:
        this.#toServer.send(bytes);
        break;
      case 'request-dropped':
        counters.requestsDropped++;
        this.#endBy(fault.then);
        break;
      case 'reply-dropped':
        this.#awaited = { round, then: fault.then };
        this.#toServer.send(bytes);
        break;
      case 'request-late':
        counters.requestsLate++;
        this.#late = [bytes];
        this.#resetClient();
        void this.#sendLate(this.#late, fault.afterMs);
        break;
    }
  }

  async #sendLate(requests: readonly Buffer[], afterMs: number): Promise<void> {
    const { signal } = this.#destroyed;
    await sleep(afterMs, undefined, { ref: false, signal }).catch(() => undefined);
    for (const bytes of requests) {
      this.#toServer.send(bytes);
    }
    this.#toServer.close('end');
  }

  async #passReplies(): Promise<void> {
    const end = await forEachChunk(this.#server, async (chunk) => {
      await this.gate.passed();
      this.#replies.read(chunk);
      if (this.#awaited) {
        this.#dropReply(this.#awaited);
      } else if (!this.#late) {
        this.#toClient.send(chunk);
        await this.#toClient.room();
      }
    });
    if (this.#awaited) {
      // The server has gone without it, and may or may not have committed.
      this.#endBy(this.#awaited.then);
    } else {
      this.#toClient.close(end);
    }
  }

  #dropReply({ round, then }: { readonly round: number; readonly then: Aftermath }): void {
    if (this.#replies.rounds >= round) {
      this.#awaited = undefined;
      this.#around.counters.repliesDropped++;
      this.#endBy(then);
    }
  }

  #endBy(aftermath: Aftermath): void {
    if (aftermath === 'reset') {
      this.reset();
    } else {
      this.gate.shutForGood();
    }
  }
}

/** @returns how the stream ended: in good order, or not */
async function forEachChunk(
  socket: Socket,
  work: (chunk: Buffer) => Promise<void>,
): Promise<Closing> {
  try {
    // What is sent to a socket goes on when nothing more comes from it.
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      await work(chunk as Buffer);
    }
    return 'end';
  } catch {
    return 'reset';
  }
}

async function closing(socket: Socket): Promise<void> {
  await new Promise((closed) => socket.once('close', closed));
}
