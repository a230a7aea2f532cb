import { Logger } from '@nestjs/common';
import { type PoolCounts, poolMetrics, watchPool } from '@tenantry/platform';
import pg from 'pg';
import { scopes } from '../tenant-context/scope.ts';
import { transactions } from '../unit-of-work/transaction.ts';
import { holdersAround, PoolDeadlock } from './pool-deadlock.ts';
import { PoolExhausted } from './pool-exhausted.ts';
import type { ServerCircuit } from './server-circuit.ts';
import type { TransactionClient } from './transaction-client.ts';

/** What a supervised pool is made with. */
export interface SupervisedPoolConfig extends pg.PoolConfig {
  /** A connection that is held for longer is worth a warning (milliseconds); none is when this is not said. */
  readonly leakWarningMs?: number;
  /** The way to its server, where that is shared with other pools or is to be watched. */
  readonly circuit?: ServerCircuit;
  /** Whoever holds its connections need not be those who wait for them: it cannot tell that all wait for each other. */
  readonly waitsForOthers?: boolean;
}

/** How long those who hold a connection may take to give it back when the pool is closed. */
const CLOSE_GRACE_MS = 5_000;
/** What `pg` says when nobody has given a connection back in time. */
const TIMED_OUT = 'timeout exceeded when trying to connect';
/** How often it is recorded where one is taken, as long as none has leaked: who leaks does so again and again. */
const RECORD_EVERY_MS = 10;
/** Enough to get from the pool to whoever wanted the connection, through Kysely and MikroORM. */
const FRAMES = 40;

/** A connection in somebody's hands. */
interface Checkout {
  readonly since: number;
  readonly tenant: string | undefined;
  /** Where it was taken, if that was recorded. Its stack is made into text only when somebody asks for it. */
  readonly taken: Error | undefined;
  readonly release: pg.PoolClient['release'];
  readonly leave: () => void;
  readonly warning: NodeJS.Timeout | undefined;
}

/**
 * A pool that loses no place. A connection that dies in somebody's hands makes room at once; one that comes back in the
 * middle of something is cut; one that does not come back is reported, with where it was taken; and closing always ends.
 */
export class SupervisedPool extends pg.Pool {
  private readonly logger = new Logger('Database');
  private readonly checkouts = new Map<pg.PoolClient, Checkout>();
  private readonly deadlock: PoolDeadlock;
  private readonly leakWarningMs: number | undefined;
  private readonly circuit: ServerCircuit | undefined;
  /** Somebody has held a connection for long. */
  private hasLeaked = false;
  /** When it was recorded last where one was taken, by a clock that nobody sets (milliseconds). */
  private recordedAt = -Infinity;
  private readonly unwatch = watchPool(() => countsOf(this));

  constructor({ leakWarningMs, circuit, waitsForOthers, ...config }: SupervisedPoolConfig) {
    super(config);
    this.leakWarningMs = leakWarningMs;
    this.circuit = circuit;
    this.deadlock = new PoolDeadlock(waitsForOthers ? Infinity : this.options.max);
    this.on('connect', (client) => {
      client.on('error', (error) => {
        this.reportLost(error);
      });
      // The server's last words may be followed by the network's: it is lost once.
      client.once('error', poolMetrics.lost);
      // Whoever holds it will find out. Its place is free now.
      client.once('end', () => {
        this.giveBack(client, this.checkouts.get(client), true);
      });
    });
    // Without a listener the process would end. The client has one of its own, which has said it.
    this.on('error', () => undefined);
  }

  /** @throws {PoolExhausted} when all connections stay in use for as long as one may be waited for, or for good */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: (error?: Error, client?: pg.PoolClient) => void): void;
  override connect(callback?: (error?: Error, client?: pg.PoolClient) => void): unknown {
    // `Pool.query` comes with a callback, and gives its connection back by itself.
    if (callback === undefined) {
      return this.checkOut();
    }
    super.connect(callback);
    return undefined;
  }

  /** Finds out whether the server answers, by connections that it keeps. Where it has room for fewer, whoever needs more will be told. */
  async reach(connections: number): Promise<void> {
    const reaching = Array.from({ length: connections }, async () => {
      const client = await this.connect();
      client.release();
    });
    await Promise.allSettled(reaching);
    await Promise.any(reaching).catch(() => reaching[0]);
  }

  /** Waits a moment for connections that are in use, then cuts them. */
  override async end(): Promise<void> {
    const timer = setTimeout(() => {
      for (const [client, checkout] of this.checkouts) {
        this.report('a connection was not given back before the pool was closed', checkout);
        (client as unknown as TransactionClient).destroy();
        this.giveBack(client, checkout, true);
      }
    }, CLOSE_GRACE_MS);
    try {
      await super.end();
    } finally {
      clearTimeout(timer);
      this.unwatch();
    }
  }

  protected async checkOut(): Promise<pg.PoolClient> {
    const taken = this.isWatched ? this.takenHere() : undefined;
    const scope = scopes.getStore();
    const leave = await this.admit();
    const asked = performance.now();
    const client = await this.take().catch((error: unknown) => {
      leave();
      throw error;
    });
    poolMetrics.waited((performance.now() - asked) / 1_000);
    const checkout: Checkout = {
      since: Date.now(),
      tenant: scope?.kind === 'tenant' ? scope.tenant.slug : undefined,
      taken,
      release: client.release.bind(client),
      leave,
      warning: this.warnLater(client),
    };
    this.checkouts.set(client, checkout);
    client.release = (error) => {
      this.giveBack(client, checkout, error);
    };
    return client;
  }

  /** Waits until whoever asks may have a connection. @returns what is called when it is given back */
  protected admit(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }

  private async take(): Promise<pg.PoolClient> {
    const holders = holdersAround(transactions.getStore());
    if (this.isFull && this.deadlock.wouldBe(holders)) {
      poolMetrics.timedOut();
      throw new PoolExhausted('Whoever has a connection waits for another one', this);
    }
    return this.deadlock.wait(holders, this.handOut());
  }

  /** One that is there, or a new one: only for that the server has to be reached. */
  private handOut(): Promise<pg.PoolClient> {
    const isThere = this.idleCount > 0 || this.isFull;
    return isThere || !this.circuit
      ? this.takeOrMake()
      : this.circuit.connect(() => this.takeOrMake());
  }

  private async takeOrMake(): Promise<pg.PoolClient> {
    try {
      return await super.connect();
    } catch (error) {
      if (!(error instanceof Error && error.message === TIMED_OUT)) {
        throw error;
      }
      poolMetrics.timedOut();
      throw new PoolExhausted(
        `No connection was given back within ${this.options.connectionTimeoutMillis ?? 0} ms`,
        this,
      );
    }
  }

  /** Whether all connections that there may be are in use. */
  protected get isFull(): boolean {
    return this.idleCount === 0 && this.totalCount >= this.options.max;
  }

  /** To record where a connection is taken costs as much as a part of a read: it is worth it when they might run out. */
  private get isWatched(): boolean {
    const inUse = this.totalCount - this.idleCount + 1;
    const isDue = performance.now() - this.recordedAt >= RECORD_EVERY_MS;
    return this.hasLeaked || (isDue && inUse >= this.options.max / 2);
  }

  private takenHere(): Error {
    this.recordedAt = performance.now();
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    const taken = new Error('taken');
    Error.stackTraceLimit = stackTraceLimit;
    return taken;
  }

  private reportLost(error: Error): void {
    if (this.circuit) {
      this.circuit.lost(error);
    } else {
      this.logger.warn({ msg: 'a connection was lost', reason: error.message });
    }
  }

  private giveBack(
    client: pg.PoolClient,
    checkout: Checkout | undefined,
    error: Error | boolean | undefined,
  ): void {
    // It may have been given back before, by dying, and be in somebody else's hands by now.
    if (!checkout || this.checkouts.get(client) !== checkout) {
      return;
    }
    this.checkouts.delete(client);
    poolMetrics.used((Date.now() - checkout.since) / 1_000);
    clearTimeout(checkout.warning);
    checkout.leave();
    checkout.release(error ?? !(client as unknown as TransactionClient).isReusable);
  }

  private warnLater(client: pg.PoolClient): NodeJS.Timeout | undefined {
    if (this.leakWarningMs === undefined) {
      return undefined;
    }
    const warn = (): void => {
      const checkout = this.checkouts.get(client);
      if (checkout) {
        this.hasLeaked = true;
        poolMetrics.leaked();
        this.report('a connection is held for long: is it ever given back?', checkout);
      }
    };
    return setTimeout(warn, this.leakWarningMs).unref();
  }

  private report(msg: string, { since, tenant, taken }: Checkout): void {
    const where = taken ? callersOf(taken) : 'recorded from now on';
    this.logger.warn({ msg, heldMs: Date.now() - since, tenant, taken: where });
  }
}

function countsOf({ options, totalCount, idleCount, waitingCount }: pg.Pool): PoolCounts {
  return { max: options.max, total: totalCount, idle: idleCount, waiting: waitingCount };
}

/** The lines of the stack that are the program's own. */
function callersOf({ stack = '' }: Error): readonly string[] {
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => !/node_modules|node:/.test(line));
}
