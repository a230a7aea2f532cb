import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Gate } from './gate.ts';
import type { Network } from './network.ts';

type Direction = keyof Network['delayMs'];

/** How the sender of a stream ends it. */
export type Closing = 'end' | 'reset';

/** When more than this is on its way, whoever sends should wait. */
const CAPACITY_BYTES = 1024 * 1024;
/** A slow network gets on evenly, and not once in a second. */
const EVERY_MS = 20;
/** Less than this a timer cannot wait. */
const TICK_MS = 1;

/** The way to one side of a connection. What is sent arrives in order, when and as the network lets it. */
export class Link {
  readonly #to: Socket;
  readonly #direction: Direction;
  readonly #network: Network;
  readonly #gate: Gate;
  readonly #gone = new AbortController();
  readonly #queue: { readonly bytes: Buffer; readonly dueAt: number }[] = [];
  #queuedBytes = 0;
  #last: { readonly close: () => void; readonly dueAt: number } | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #isDelivering = false;
  /** When a network of limited width has got on with what was sent so far. */
  #freeAt = 0;

  constructor(to: Socket, direction: Direction, network: Network, gate: Gate) {
    this.#to = to;
    this.#direction = direction;
    this.#network = network;
    this.#gate = gate;
    to.once('close', () => {
      this.#gone.abort();
      this.#room?.resolve();
    });
  }

  send(bytes: Buffer): void {
    if (this.#to.destroyed) {
      return;
    }
    this.#queue.push({ bytes, dueAt: this.#dueAt() });
    this.#queuedBytes += bytes.length;
    this.#startDelivery();
  }

  /** Nothing more comes: the other side is told so when it has got all, or gets a reset then. */
  close(how: Closing): void {
    const close = (): void => {
      if (how === 'end') {
        this.#to.end();
      } else {
        this.#to.resetAndDestroy();
      }
    };
    this.#last = { close, dueAt: this.#dueAt() };
    this.#startDelivery();
  }

  /** Settles when more may be sent, or nobody is there any more to get it. */
  async room(): Promise<void> {
    if (this.#queuedBytes > CAPACITY_BYTES && !this.#to.destroyed) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
  }

  #dueAt(): number {
    return performance.now() + this.#network.delayMs[this.#direction];
  }

  #startDelivery(): void {
    if (!this.#isDelivering) {
      this.#isDelivering = true;
      void this.#deliver();
    }
  }

  async #deliver(): Promise<void> {
    for (let next = this.#queue[0]; next && !this.#to.destroyed; next = this.#queue[0]) {
      await this.#reach(next.dueAt);
      await this.#write(this.#takeDue());
    }
    if (this.#last) {
      await this.#reach(this.#last.dueAt);
      await this.#gate.passed();
      this.#last.close();
    }
    this.#isDelivering = false;
  }

  /** In one piece: a client that sends five messages at once should not pay for five packets. */
  #takeDue(): Buffer {
    const now = performance.now();
    const notDue = this.#queue.findIndex(({ dueAt }) => dueAt - now >= TICK_MS);
    const due = this.#queue.splice(0, notDue < 0 ? Infinity : notDue);
    return Buffer.concat(due.map(({ bytes }) => bytes));
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#to.destroyed;) {
      const slice = bytes.subarray(at, at + this.#sliceBytes());
      at += slice.length;
      await this.#gate.passed();
      await new Promise((written) => this.#to.write(slice, written));
      this.#freeAt =
        Math.max(this.#freeAt, performance.now()) +
        (slice.length / this.#network.bytesPerSecond) * 1000;
      await this.#reach(this.#freeAt);
      if (at < bytes.length) {
        // For the other side to take it before there is more, should it be in this process.
        await turn();
      }
    }
    this.#queuedBytes -= bytes.length;
    if (this.#queuedBytes <= CAPACITY_BYTES) {
      this.#room?.resolve();
      this.#room = undefined;
    }
  }

  #sliceBytes(): number {
    const { sliceBytes, bytesPerSecond } = this.#network;
    return Math.max(1, Math.floor(Math.min(sliceBytes, (bytesPerSecond * EVERY_MS) / 1000)));
  }

  async #reach(time: number): Promise<void> {
    const ms = time - performance.now();
    if (ms >= TICK_MS) {
      await sleep(ms, undefined, { ref: false, signal: this.#gone.signal }).catch(() => undefined);
    }
  }
}
