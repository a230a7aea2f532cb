import { AsyncLocalStorage } from 'node:async_hooks';
import type { SessionContext } from '@mikro-orm/core';
import { Cancelled } from '@tenantry/domain';
import type { Flush } from './flush-queue.ts';
import type { Unit } from './unit.ts';
import type { Timeouts } from '../tenant-context/scope.ts';

/** How far a transaction has come. It has `ended` when nothing of it was stored, as far as its connection knows. */
export type Stage = 'new' | 'open' | 'committing' | 'committed' | 'ended';

/** One transaction of the server, from before it begins until its connection knows how it has ended. */
export class Transaction {
  stage: Stage = 'new';
  /** The savepoint that is open or about to be, of several the one within the others: what is asked for beside it waits. */
  savepoint: Unit | undefined;
  /** The one that is open at the server: nothing is sent beside it. */
  openSavepoint: Unit | undefined;
  /** The flush that it is begun and ended by: nobody else sends anything in it. */
  flush: Flush | undefined;
  /** Whether work is under way in it: before that has returned nobody may commit it. */
  isUnderWay = false;
  /** Whether its tenant has to have a turn for it. */
  needsTurn = true;
  /** Whether each of its statements stands alone, outside of units of work. */
  isAlone = false;
  /** Statements that are sent in one message with COMMIT, before it: they cost no round trip. */
  closing: readonly string[] = [];
  /** One more of them, which is about what was sent before: it is left out where that is nothing. */
  mark: string | undefined;
  /** Cuts its connection, once it has one. */
  cut: () => void = () => undefined;
  private reason: Error | undefined;
  private readonly waiting = new Set<(reason: Error) => void>();
  private readonly closed = Promise.withResolvers<undefined>();

  /**
   * @param timeouts how long it may take, and its statements
   * @param signal whoever asked for it, for as long as they are there
   * @param enclosing the one whose work this one is a part of, on a connection of its own
   */
  constructor(
    readonly timeouts: Timeouts,
    readonly signal?: AbortSignal,
    readonly enclosing?: Transaction,
  ) {}

  /** Settles when its connection has nothing to do with it any more. */
  get over(): Promise<unknown> {
    return this.closed.promise;
  }

  /** Its connection knows how it has ended. */
  close(stage: 'committed' | 'ended'): void {
    this.stage = stage;
    this.closed.resolve(undefined);
  }

  /** Why it was given up before its work was done. */
  get givenUp(): Error | undefined {
    return this.reason;
  }

  /** @throws {Cancelled} when whoever asked for it has gone before it was begun */
  mustBeWanted(): void {
    if (this.signal?.aborted) {
      throw new Cancelled({ cause: this.signal.reason });
    }
  }

  /** Its work is over: nothing more of it is sent to the server. */
  giveUp(reason: Error): void {
    this.reason ??= reason;
    for (const stop of this.waiting) {
      stop(this.reason);
    }
  }

  /** What the work gives, unless the transaction is given up before that: then it goes on, but nobody waits for it. */
  async unlessGivenUp<Result>(work: Promise<Result>): Promise<Result> {
    work.catch(() => undefined);
    const stopped = Promise.withResolvers<never>();
    // A promise of its own for each: one that lives as long as the transaction would keep all their results.
    this.waiting.add(stopped.reject);
    if (this.reason) {
      stopped.reject(this.reason);
    }
    try {
      return await Promise.race([work, stopped.promise]);
    } finally {
      this.waiting.delete(stopped.reject);
    }
  }
}

/** What MikroORM is told for the transactions that it begins by itself, for whatever is done outside of units of work. */
export const OWN_TRANSACTION: SessionContext = Object.freeze({});

/** The savepoint that this is done in. */
export const savepoints = new AsyncLocalStorage<Unit | undefined>();

/** The transaction whose work is under way. */
export const transactions = new AsyncLocalStorage<Transaction>();
