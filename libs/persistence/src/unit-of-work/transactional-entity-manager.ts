import {
  type IsolationLevel,
  TransactionContext,
  TransactionEventBroadcaster,
  type TransactionOptions,
  TransactionPropagation,
  TransactionStateError,
} from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { Cancelled, returnEvents } from '@tenantry/domain';
import { unitMetrics } from '@tenantry/platform';
import { isOfFailedTransaction } from '../connection/connection-errors.ts';
import { onReplica } from '../connection/on-replica.ts';
import type { ScopedConnection } from '../connection/supervised-connection.ts';
import type { Timeouts } from '../tenant-context/scope.ts';
import type { CommitMarker } from './commit-marker.ts';
import {
  type Changes,
  changesIn,
  freezeEntities,
  handOver,
  mustHaveChangedNothingElse,
  takeEventsOf,
} from './entities.ts';
import type { Farewell } from './farewell.ts';
import type { Retry } from './retry.ts';
import { type Flush, FlushQueue, outsideOfFlushes } from './flush-queue.ts';
import { savepoints, Transaction, transactions } from './transaction.ts';
import {
  CommitInterrupted,
  CommitLost,
  EntityOfAnotherUnitOfWork,
  errorSwallowed,
  FlushFailed,
  TransactionManaged,
  UnexpectedRollback,
} from './transaction-errors.ts';
import { Unit } from './unit.ts';
import { observedAttempt, observedUnit } from './unit-observer.ts';

/** How a unit of work is run. */
export interface UnitOptions extends Omit<
  TransactionOptions,
  'propagation' | 'isolationLevel' | 'readOnly' | 'signal'
> {
  readonly propagation?: `${TransactionPropagation}` | undefined;
  readonly isolationLevel?: `${IsolationLevel}` | undefined;
  readonly readOnly?: boolean | undefined;
  /** Gives it up; not any more when it is being stored. */
  readonly signal?: AbortSignal | undefined;
  /** Other time limits than those of the configuration. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Whether, and how, its work is done again when it has failed. */
  readonly retry?: Retry | undefined;
}

type Work<Manager, Result> = (entityManager: Manager) => Result | Promise<Result>;
type Handle = NonNullable<Parameters<ReturnType<EntityManager['getConnection']>['commit']>[0]>;

/**
 * An entity manager whose transactions end as they say. Each unit of work has an entity manager of its own, with nothing
 * in it; what it has read and made belongs to it, and is frozen when it has ended.
 */
export abstract class TransactionalEntityManager extends EntityManager {
  private current: Unit | undefined;
  /** Its transaction, or savepoint, kept here as well: MikroORM's cannot be had in a scope that has ended. */
  private handle: Handle | undefined;
  private over = false;
  private readonly flushes = new FlushQueue();
  /** Why the last flush outside of units of work has stored nothing. */
  private broken: { readonly because: unknown } | undefined;
  private readonly log = new Logger('UnitOfWork');

  /** The unit of work that it is the entity manager of. */
  get unit(): Unit | undefined {
    return this.current;
  }

  /** Whether the unit of work that it was for has ended. */
  protected get hasEnded(): boolean {
    return this.over;
  }

  /** Time limits and signal of transactions that begin now. */
  protected abstract limits(options: UnitOptions): ConstructorParameters<typeof Transaction>;

  /** Whether what it reads may be as old as a replica has it. */
  protected abstract get mayLag(): boolean;

  /** What is to be sent with the COMMIT of a unit of work, and by what it can be told that it was stored. */
  protected abstract farewell(unit: Unit): Farewell;

  /**
   * Finds out what became of a transaction whose COMMIT was sent and not answered.
   * @returns whether it is stored
   * @throws {CommitOutcomeUnknown}
   */
  protected abstract wasCommitted(marker: CommitMarker, timeouts: Timeouts): Promise<boolean>;

  /**
   * Commits when `work` returns, and rolls back when it throws. What it makes of a transaction that is open already is for
   * the propagation to say: by default it is a savepoint of it.
   * @throws {UnexpectedRollback} when the work returned and nothing could be stored
   * @throws {CommitOutcomeUnknown} when it cannot be found out whether it was stored
   * @throws {PropagationMismatch} when the open transaction is not what is asked for
   */
  override async transactional<Result>(
    work: Work<this, Result>,
    options: UnitOptions = {},
  ): Promise<Result> {
    const outer = this.getContext(false);
    const { propagation = 'nested', signal } = options;
    if (signal?.aborted) {
      throw new Cancelled({ cause: signal.reason });
    }
    const { unit } = outer;
    switch (propagation) {
      case 'required':
        return unit ? outer.join(unit, work, options) : outer.begun(work, options);
      case 'nested':
        return unit ? outer.nest(unit, work, options) : outer.begun(work, options);
      case 'requires_new':
        return outer.begun(work, options);
      case 'supports':
        return unit ? outer.join(unit, work, options) : outer.without(work);
      case 'mandatory':
        if (!unit) {
          throw TransactionStateError.requiredTransactionNotFound(TransactionPropagation.MANDATORY);
        }
        return outer.join(unit, work, options);
      case 'not_supported':
        return outer.without(work);
      case 'never':
        if (unit) {
          throw TransactionStateError.transactionNotAllowed(TransactionPropagation.NEVER);
        }
        return outer.without(work);
    }
  }

  /** Begins a transaction that `commit` or `rollback` ends. `transactional` cannot forget to. */
  override async begin(options: UnitOptions = {}): Promise<void> {
    const manager = this.getContext(false);
    if (manager.current) {
      throw new TransactionManaged();
    }
    const { transaction } = (manager.current = this.newUnit(options, false));
    try {
      await inTransaction(transaction, () => manager.start(options));
    } catch (error) {
      manager.current = undefined;
      throw error;
    }
  }

  override async commit(): Promise<void> {
    const manager = this.getContext(false);
    const unit = manager.mustHaveUnmanaged();
    await manager.finish(unit);
    manager.current = undefined;
    manager.resetTransactionContext();
    await unit.runAfterCommit();
  }

  override async rollback(): Promise<void> {
    const manager = this.getContext(false);
    const unit = manager.mustHaveUnmanaged();
    await manager.undo(unit);
    manager.current = undefined;
    manager.resetTransactionContext();
    manager.forget(unit);
    if (unit.isRolledBack) {
      await unit.runAfterRollback();
    }
  }

  /**
   * Outside of units of work it is one by itself. Nobody else becomes a part of that, whatever goes on beside it in the same
   * scope, so it is MikroORM that begins and ends its transaction.
   */
  override async flush(): Promise<void> {
    const manager = this.getContext();
    const { flushes } = manager;
    if (flushes.isInside) {
      // One within another is for MikroORM to refuse.
      await super.flush();
      return;
    }
    await flushes.run(manager, (flush) => manager.flushInTurn(flush));
  }

  override persist(entities: Parameters<EntityManager['persist']>[0]): this {
    const manager = this.getContext();
    if (manager !== this) {
      manager.persist(entities);
    } else if (!this.flushes.keep(() => super.persist(entities))) {
      super.persist(entities);
    }
    return this;
  }

  override remove(entities: Parameters<EntityManager['remove']>[0]): this {
    const manager = this.getContext();
    if (manager !== this) {
      manager.remove(entities);
    } else if (!this.flushes.keep(() => super.remove(entities))) {
      super.remove(entities);
    }
    return this;
  }

  override clear(): void {
    this.getContext().broken = undefined;
    super.clear();
  }

  private async flushInTurn(flush: Flush): Promise<void> {
    const { current } = this;
    if (!current) {
      await this.flushAlone(flush);
      return;
    }
    try {
      this.flushes.mustHaveCaughtUp();
      await current.beAlone();
      await super.flush();
    } catch (error) {
      // MikroORM has forgotten what it could not store.
      current.doomBy(error);
      throw error;
    }
  }

  /** Also what was asked for during a flush. */
  private async flushAll(): Promise<void> {
    do {
      await this.flush();
    } while (this.flushes.hasLeftovers);
  }

  private async flushAlone(flush: Flush): Promise<void> {
    if (this.broken) {
      throw new FlushFailed(this.broken.because);
    }
    if (this.isInTransaction()) {
      throw new TransactionManaged();
    }
    const unit = this.newUnit({});
    unit.transaction.flush = flush;
    flush.unit = unit;
    try {
      this.flushes.mustHaveCaughtUp();
      await super.flush();
    } catch (error) {
      try {
        await this.mustBeStored(unit, error);
      } catch (reason) {
        this.broken = { because: reason };
        this.forget(unit);
        throw reason;
      }
    }
    if (unit.transaction.stage === 'new') {
      await this.storeEvents();
    }
  }

  /** Of entities of which nothing has changed. */
  private async storeEvents(): Promise<void> {
    const events = takeEventsOf(this, this.getUnitOfWork(false).getIdentityMap());
    if (events.size === 0) {
      return;
    }
    try {
      await this.begun(({ unit }) => {
        unit?.events.push(...[...events.values()].flat());
      }, {});
    } catch (error) {
      events.forEach((told, aggregate) => {
        returnEvents(aggregate, told);
      });
      throw error;
    }
  }

  private mustHaveUnmanaged(): Unit {
    if (!this.current) {
      throw TransactionStateError.requiredTransactionNotFound(TransactionPropagation.MANDATORY);
    }
    if (this.current.isManaged) {
      throw new TransactionManaged();
    }
    return this.current;
  }

  /** As a part of the unit of work that is open: what fails here cannot be undone without the rest of that. */
  private async join<Result>(
    unit: Unit,
    work: Work<this, Result>,
    options: UnitOptions,
  ): Promise<Result> {
    unit.mustMeet(options);
    return unit.beside(async () => {
      unit.mustBeCommittable();
      try {
        const result = await work(this);
        await this.flush();
        return result;
      } catch (error) {
        unit.doomBy(error);
        throw error;
      }
    });
  }

  /** As a savepoint: what fails here is undone, and the unit of work around it can go on. */
  private async nest<Result>(
    unit: Unit,
    work: Work<this, Result>,
    options: UnitOptions,
  ): Promise<Result> {
    unit.mustMeet(options);
    const inner = unit.nested();
    try {
      return await unit.inTurn(() => this.nestInTurn(unit, inner, work));
    } catch (error) {
      // Not in turn any more: they may do something in a unit of work of their own.
      await inner.runAfterRollback();
      throw error;
    }
  }

  private async nestInTurn<Result>(
    unit: Unit,
    inner: Unit,
    work: Work<this, Result>,
  ): Promise<Result> {
    unit.mustBeCommittable();
    // What was changed before is not for this part to undo.
    await this.flush();
    const manager = this.fork();
    manager.current = inner;
    let isReleased = false;
    let isHandedOver = false;
    try {
      const result = await this.inSavepoint(manager, inner, work);
      isReleased = true;
      await handOver(manager, this, inner);
      unit.adopt(inner);
      isHandedOver = true;
      return result;
    } catch (error) {
      // Then it cannot be undone without the rest.
      if (isReleased || error instanceof EntityOfAnotherUnitOfWork || changesIn(this).size > 0) {
        unit.doomBy(error);
      }
      throw error;
    } finally {
      manager.end(inner, isHandedOver ? this : undefined);
    }
  }

  private async inSavepoint<Result>(
    manager: this,
    unit: Unit,
    work: Work<this, Result>,
  ): Promise<Result> {
    const { transaction } = unit;
    const around = transaction.savepoint;
    transaction.savepoint = unit;
    try {
      return await savepoints.run(unit, () =>
        TransactionContext.create(manager, async () => {
          const savepoint = await this.connection.begin({ ctx: this.mustHaveHandle() });
          manager.setTransactionContext(savepoint);
          manager.handle = savepoint;
          try {
            const done = await transaction.unlessGivenUp(doing(work, manager));
            await manager.flushAll();
            unit.mustBeComplete();
            mustHaveChangedNothingElse(this);
            await this.connection.commit(savepoint);
            return done;
          } catch (error) {
            if (unit.close()) {
              await manager.rollBack(savepoint, transaction);
            }
            throw error;
          }
        }),
      );
    } finally {
      // What is around it may have been undone with it, and be over.
      if (around === undefined || around.isOpen) {
        transaction.savepoint = around;
        transaction.openSavepoint = around;
      }
      unit.end();
    }
  }

  /** Without a transaction around it: each statement stands alone, and so does what is stored at the end. */
  private async without<Result>(work: Work<this, Result>): Promise<Result> {
    const manager = this.fork();
    const before = changesIn(this);
    try {
      return await TransactionContext.create(manager, async () => {
        const result = await work(manager);
        this.mustBeAsItWas(before);
        await manager.flushAll();
        return result;
      });
    } finally {
      manager.end();
    }
  }

  /**
   * What belongs to this one is not stored by a unit of work within it that has a transaction of its own, or none.
   * @throws {EntityOfAnotherUnitOfWork} and then nothing of what is around is stored either
   */
  private mustBeAsItWas(before: Changes): void {
    try {
      mustHaveChangedNothingElse(this, before);
    } catch (error) {
      this.current?.doomBy(error);
      throw error;
    }
  }

  private begun<Result>(work: Work<this, Result>, options: UnitOptions): Promise<Result> {
    let unit: Unit | undefined;
    const attempt = (): Promise<Result> => {
      const own = (unit = this.newUnit(options));
      return observedAttempt(own, () => this.attempt(own, work, options));
    };
    const newest = (): Unit | undefined => unit;
    return observedUnit(newest, () =>
      options.retry ? options.retry.run(attempt, newest) : attempt(),
    );
  }

  private newUnit(options: UnitOptions, isManaged = true): Unit {
    const transaction = new Transaction(...this.limits(options));
    transaction.isUnderWay = true;
    return new Unit(transaction, options, isManaged);
  }

  /** One transaction, with an entity manager that nobody has used before. */
  private async attempt<Result>(
    unit: Unit,
    work: Work<this, Result>,
    options: UnitOptions,
  ): Promise<Result> {
    const { transaction } = unit;
    const manager = this.fork();
    manager.current = unit;
    const before = changesIn(this);
    try {
      const result = await inTransaction(transaction, () =>
        TransactionContext.create(manager, async () => {
          try {
            transaction.mustBeWanted();
            await manager.start(options);
            unit.hasWorked = true;
            const done = await transaction.unlessGivenUp(doing(work, manager));
            this.mustBeAsItWas(before);
            await manager.finish(unit);
            return done;
          } catch (error) {
            await manager.undo(unit);
            throw error;
          }
        }),
      );
      await unit.runAfterCommit();
      return result;
    } catch (error) {
      if (unit.isRolledBack) {
        try {
          this.mustBeAsItWas(before);
        } finally {
          await unit.runAfterRollback();
        }
      }
      throw error;
    } finally {
      manager.end(unit);
    }
  }

  /** What has been written is complete: says what goes with it. */
  sayFarewell(unit: Unit): void {
    const { statements, mark, marker } = this.farewell(unit);
    unit.transaction.closing = statements;
    unit.transaction.mark = mark;
    unit.marker = marker;
  }

  private async start(options: UnitOptions): Promise<void> {
    this.handle = await this.beginSomewhere(options);
    this.setTransactionContext(this.handle);
  }

  private async beginSomewhere({ isolationLevel, readOnly }: UnitOptions): Promise<Handle> {
    const begin = (where: 'read' | 'write'): Promise<Handle> =>
      this.getConnection(where).begin({
        ...(isolationLevel && { isolationLevel: isolationLevel as never }),
        ...(readOnly && { readOnly }),
        eventBroadcaster: this.broadcaster,
      });
    // No replica has transactions that are serializable.
    if (!readOnly || !this.mayLag || isolationLevel === 'serializable') {
      return begin('write');
    }
    return onReplica(begin, () => this.current?.transaction.stage === 'new');
  }

  private async finish(unit: Unit): Promise<void> {
    await this.flushWhatIsLeft();
    unit.mustBeComplete();
    const { transaction } = unit;
    this.sayFarewell(unit);
    transaction.isUnderWay = false;
    try {
      await this.connection.commit(this.mustHaveHandle(), this.broadcaster);
    } catch (error) {
      await this.mustBeStored(unit, error);
    }
    // MikroORM says nothing when there is no transaction to be committed any more.
    if (transaction.stage !== 'committed') {
      throw new UnexpectedRollback('its transaction was ended before.');
    }
    this.handle = undefined;
  }

  private async flushWhatIsLeft(): Promise<void> {
    try {
      await this.flushAll();
    } catch (error) {
      throw isOfFailedTransaction(error) ? errorSwallowed(error) : error;
    }
  }

  private async mustBeStored(unit: Unit, error: unknown): Promise<void> {
    const { transaction } = unit;
    if (transaction.stage === 'committed') {
      // Somebody who listens for the commit.
      this.log.error({ err: error, msg: 'a subscriber failed after commit' });
      return;
    }
    if (!(error instanceof CommitInterrupted)) {
      throw error;
    }
    // Its connection is needed for finding out.
    await this.undo(unit);
    unit.isUnknown = true;
    const stored = await this.wasStored(unit);
    unit.isUnknown = false;
    unitMetrics.interrupted(stored ? 'stored' : 'not_stored');
    this.log.warn({ msg: 'the reply to a COMMIT was lost, and its outcome found out', stored });
    if (!stored) {
      throw new CommitLost(error);
    }
    transaction.stage = 'committed';
  }

  private async wasStored({ marker, transaction }: Unit): Promise<boolean> {
    try {
      // What has only read has nothing to be stored: it is as if the connection had been lost before.
      return marker !== undefined && (await this.wasCommitted(marker, transaction.timeouts));
    } catch (error) {
      unitMetrics.interrupted('unresolved');
      throw error;
    }
  }

  private async undo({ transaction }: Unit): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    if (handle && transaction.stage !== 'committed') {
      await this.rollBack(handle, transaction);
    }
  }

  private async rollBack(handle: Handle, transaction: Transaction): Promise<void> {
    const { connection } = this;
    // Nobody reads a stream to its end any more, and nothing else can be sent before that.
    if (connection.isStreaming(handle, transaction)) {
      transaction.cut();
    }
    try {
      await Promise.race([connection.rollback(handle, this.broadcaster), transaction.over]);
    } catch (error) {
      // What has failed before is what there is to say.
      this.log.warn({ err: error, msg: 'rolling back failed' });
    }
  }

  /** MikroORM takes for stored what it has tried to store. */
  private forget({ written }: Unit): void {
    freezeEntities(this, written);
    this.getUnitOfWork(false).clear();
  }

  private end(unit?: Unit, heir?: this): void {
    this.over = true;
    freezeEntities(this, unit?.written, heir);
  }

  private get connection(): ScopedConnection {
    return this.getConnection('write') as ScopedConnection;
  }

  private mustHaveHandle(): Handle {
    if (!this.handle) {
      throw new UnexpectedRollback('its transaction was ended before.');
    }
    return this.handle;
  }

  private get broadcaster(): TransactionEventBroadcaster {
    return new TransactionEventBroadcaster(this);
  }
}

/** What is done here is done in that transaction: in no flush that may be under way around it, and in no savepoint. */
function inTransaction<Result>(transaction: Transaction, work: () => Result): Result {
  return transactions.run(transaction, () =>
    outsideOfFlushes(() => savepoints.run(undefined, work)),
  );
}

/** Turns an error that is thrown at once into one that is awaited. */
async function doing<Manager, Result>(
  work: Work<Manager, Result>,
  manager: Manager,
): Promise<Result> {
  return work(manager);
}
