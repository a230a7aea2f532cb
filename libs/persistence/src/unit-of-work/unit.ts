import type { IsolationLevel } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import type { DomainEvent } from '@tenantry/domain';
import type { CommitMarker } from './commit-marker.ts';
import { savepoints, type Transaction } from './transaction.ts';
import { PropagationMismatch, SavepointOpen, UnexpectedRollback } from './transaction-errors.ts';

/** What runs when it is known how a unit of work has ended. */
export type Hook = () => unknown;

/** The answer to a request that may be sent again, in the form in which it is given again. */
export interface Answer {
  readonly key: string;
  /** Of what was asked for. */
  readonly fingerprint: string;
  readonly text: string;
}

/** What a unit of work asks of its transaction, also of one that is open already. */
export interface Demands {
  readonly isolationLevel?: `${IsolationLevel}` | undefined;
  readonly readOnly?: boolean | undefined;
}

/** What is known of a unit of work while it runs: of a whole transaction's, or of a savepoint's within one. */
export class Unit {
  /** Its work was begun, so it may have had effects outside of the database. */
  hasWorked = false;
  /** Its COMMIT was sent, and nobody knows yet what became of it. */
  isUnknown = false;
  /** Entities that were to be stored or deleted in it, whether or not that has succeeded. */
  readonly written = new Set<object>();
  /** Entities that were deleted in it. */
  readonly removed: object[] = [];
  /** What has happened to its aggregates, as far as that was written. */
  readonly events: DomainEvent[] = [];
  /** By what it can be told that it was stored, once it is about to be. */
  marker: CommitMarker | undefined;
  /** What is to be answered whenever the same is asked for again. */
  readonly answers: Answer[] = [];
  private readonly committed: Hook[] = [];
  private readonly rolledBack: Hook[] = [];
  /** How many parts of it are under way. */
  private parts = 0;
  private readonly ending = Promise.withResolvers<undefined>();
  private closed = false;
  private ended = false;
  /** Until the last of its savepoints has ended. */
  private turn: Promise<unknown> = Promise.resolve();
  private doom: { readonly because: unknown } | undefined;
  private readonly logger = new Logger('UnitOfWork');

  /**
   * @param isManaged whether it ends with a piece of work, and not when somebody says so
   * @param outer the one in which it is a savepoint
   */
  constructor(
    readonly transaction: Transaction,
    private readonly demands: Demands,
    readonly isManaged: boolean,
    private readonly outer?: Unit,
  ) {}

  /** Whether it is known that nothing of it is stored. */
  get isRolledBack(): boolean {
    return !this.isUnknown && this.transaction.stage !== 'committed';
  }

  /** Whether its transaction cannot write. */
  get isReadOnly(): boolean {
    return this.demands.readOnly === true;
  }

  /** One that is a savepoint in this one. */
  nested(): Unit {
    return new Unit(this.transaction, this.demands, true, this);
  }

  /** Does a part of its work, when its savepoints have ended. @throws {SavepointOpen} inside of one of them */
  async beside<Result>(part: () => Promise<Result>): Promise<Result> {
    this.mustNotBeAround();
    this.parts += 1;
    try {
      await this.turn;
      return await part();
    } finally {
      this.parts -= 1;
    }
  }

  /**
   * The same for a savepoint. They come one after the other: what is undone with one of them would otherwise be what others
   * have done meanwhile.
   */
  inTurn<Result>(part: () => Promise<Result>): Promise<Result> {
    const before = this.turn;
    const done = this.beside(part);
    this.turn = Promise.allSettled([before, done]).then(() => undefined);
    return done;
  }

  /** Settles when it has ended, as the savepoint that it is. */
  get over(): Promise<unknown> {
    return this.ending.promise;
  }

  /** Whether, as a savepoint, it has not ended, nor has one around it: what is still under way in it comes too late then. */
  get isOpen(): boolean {
    return !this.closed && (this.outer?.isOpen ?? true);
  }

  /** As a savepoint it is about to end: nothing is sent in it any more. @returns whether that is for it to do */
  close(): boolean {
    const { isOpen } = this;
    this.closed = true;
    return isOpen;
  }

  /** Whether, as a savepoint, it has ended. */
  get isOver(): boolean {
    return this.ended;
  }

  /** As a savepoint it has ended. */
  end(): void {
    this.closed = true;
    this.ended = true;
    this.ending.resolve(undefined);
  }

  /** Waits while a savepoint in it is open. @throws {SavepointOpen} inside of one */
  async beAlone(): Promise<void> {
    this.mustNotBeAround();
    let { savepoint } = this.transaction;
    while (savepoint?.isOver === false && savepoint.isIn(this)) {
      await savepoint.over;
      ({ savepoint } = this.transaction);
    }
  }

  /** @throws {SavepointOpen} when this is done in a savepoint of it */
  private mustNotBeAround(): void {
    if (savepoints.getStore()?.isIn(this)) {
      throw new SavepointOpen();
    }
  }

  private isIn(unit: Unit): boolean {
    return this.outer !== undefined && (this.outer === unit || this.outer.isIn(unit));
  }

  afterCommit(hook: Hook): void {
    this.committed.push(hook);
  }

  afterRollback(hook: Hook): void {
    this.rolledBack.push(hook);
  }

  /** A part of its work has failed, which cannot be undone on its own. */
  doomBy(error: unknown): void {
    this.doom ??= { because: error };
  }

  /** @throws {UnexpectedRollback} when a part of it has failed, or is still under way */
  mustBeComplete(): void {
    this.mustBeCommittable();
    if (this.parts > 0) {
      throw new UnexpectedRollback(
        'a unit of work inside of this one is still under way. Wait for it before this one returns.',
      );
    }
  }

  /** @throws {UnexpectedRollback} when a part of it has failed */
  mustBeCommittable(): void {
    if (this.doom) {
      throw new UnexpectedRollback(
        'a part of it or a flush has failed, and its error was caught. Run a part as `nested` if the rest is to go on without it.',
        { cause: this.doom.because },
      );
    }
  }

  /** @throws {PropagationMismatch} when its transaction is not what is asked for */
  mustMeet({ isolationLevel, readOnly }: Demands): void {
    const { isolationLevel: own = 'read committed', readOnly: readsOnly = false } = this.demands;
    if (isolationLevel !== undefined && isolationLevel !== own) {
      throw new PropagationMismatch(`is ${own}, and not ${isolationLevel}`);
    }
    if (readOnly === false && readsOnly) {
      throw new PropagationMismatch('only reads');
    }
  }

  /** Takes over what one within it has left to be done when the whole is stored. */
  adopt({ committed, rolledBack, written, removed, events, answers }: Unit): void {
    this.committed.push(...committed);
    this.rolledBack.push(...rolledBack);
    written.forEach((entity) => this.written.add(entity));
    this.removed.push(...removed);
    this.events.push(...events);
    this.answers.push(...answers);
  }

  /** Each hook runs once, whatever became of those before it: what is stored stays stored. */
  async runAfterCommit(): Promise<void> {
    await this.runHooks(this.committed, 'a hook after commit failed');
  }

  async runAfterRollback(): Promise<void> {
    await this.runHooks(this.rolledBack, 'a hook after rollback failed');
  }

  private async runHooks(hooks: Hook[], msg: string): Promise<void> {
    for (const hook of hooks.splice(0)) {
      try {
        await hook();
      } catch (error) {
        this.logger.error({ err: error, msg });
      }
    }
  }
}
