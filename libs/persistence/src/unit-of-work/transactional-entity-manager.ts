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
import { isOfFailedTransaction } from '../connection/connection-errors.ts';
import type { Timeouts } from '../tenant-context/scope.ts';
import type { CommitMarker } from './commit-marker.ts';
import { changedIn, freezeEntities, handOver, mustHaveChangedNothingElse } from './entities.ts';
import type { Farewell } from './farewell.ts';
import type { Retry } from './retry.ts';
import { flushing, Transaction, transactions } from './transaction.ts';
import {
  CommitInterrupted,
  CommitLost,
  EntityOfAnotherUnitOfWork,
  errorSwallowed,
  TransactionManaged,
  UnexpectedRollback,
} from './transaction-errors.ts';
import { Unit } from './unit.ts';

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
    const { propagation = 'nested' } = options;
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
    const transaction = new Transaction(...this.limits(options));
    manager.current = new Unit(transaction, options, false);
    try {
      await transactions.run(transaction, () => manager.start(options));
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
    if (manager.current) {
      await super.flush();
      return;
    }
    const unit = new Unit(new Transaction(...this.limits({})), {}, true);
    try {
      await transactions.run(unit.transaction, () => flushing.run(unit, () => super.flush()));
    } catch (error) {
      try {
        await manager.mustBeStored(unit, error);
      } catch (reason) {
        manager.forget(unit);
        throw reason;
      }
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
    unit.mustBeCommittable();
    try {
      const result = await work(this);
      await this.flush();
      return result;
    } catch (error) {
      unit.doomBy(error);
      throw error;
    }
  }

  /** As a savepoint: what fails here is undone, and the unit of work around it can go on. */
  private async nest<Result>(
    unit: Unit,
    work: Work<this, Result>,
    options: UnitOptions,
  ): Promise<Result> {
    unit.mustMeet(options);
    unit.mustBeCommittable();
    // What was changed before is not for this part to undo.
    await this.flush();
    const manager = this.fork();
    const inner = (manager.current = unit.nested());
    let isHandedOver = false;
    try {
      const result = await TransactionContext.create(manager, async () => {
        const savepoint = await this.connection.begin({ ctx: this.mustHaveHandle() });
        manager.setTransactionContext(savepoint);
        manager.handle = savepoint;
        try {
          const done = await unit.transaction.unlessGivenUp(doing(work, manager));
          await manager.flush();
          inner.mustBeCommittable();
          await this.connection.commit(savepoint);
          return done;
        } catch (error) {
          await manager.rollBack(savepoint);
          throw error;
        }
      });
      unit.adopt(inner);
      handOver(manager, this, inner.removed);
      isHandedOver = true;
      return result;
    } catch (error) {
      if (error instanceof EntityOfAnotherUnitOfWork || changedIn(this).size > 0) {
        unit.doomBy(error);
      }
      await inner.runAfterRollback();
      throw error;
    } finally {
      manager.end(inner, isHandedOver ? this : undefined);
    }
  }

  /** Without a transaction around it: each statement stands alone, and so does what is stored at the end. */
  private async without<Result>(work: Work<this, Result>): Promise<Result> {
    const manager = this.fork();
    try {
      return await TransactionContext.create(manager, async () => {
        const result = await work(manager);
        await manager.flush();
        return result;
      });
    } finally {
      manager.end();
    }
  }

  private begun<Result>(work: Work<this, Result>, options: UnitOptions): Promise<Result> {
    let unit: Unit | undefined;
    const attempt = (): Promise<Result> => {
      unit = new Unit(new Transaction(...this.limits(options)), options, true);
      return this.attempt(unit, work, options);
    };
    return options.retry ? options.retry.run(attempt, () => unit) : attempt();
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
    const before = changedIn(this);
    try {
      const result = await transactions.run(transaction, () =>
        TransactionContext.create(manager, async () => {
          try {
            transaction.mustBeWanted();
            await manager.start(options);
            unit.hasWorked = true;
            const done = await transaction.unlessGivenUp(doing(work, manager));
            mustHaveChangedNothingElse(this, before);
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
        await unit.runAfterRollback();
      }
      throw error;
    } finally {
      manager.end(unit);
    }
  }

  /** What has been written is complete: says what goes with it. */
  sayFarewell(unit: Unit): void {
    const { statements, marker } = this.farewell(unit);
    unit.transaction.closing = statements;
    unit.marker = marker;
  }

  private async start({ isolationLevel, readOnly }: UnitOptions): Promise<void> {
    this.handle = await this.connection.begin({
      ...(isolationLevel && { isolationLevel: isolationLevel as never }),
      ...(readOnly && { readOnly }),
      eventBroadcaster: this.broadcaster,
    });
    this.setTransactionContext(this.handle);
  }

  private async finish(unit: Unit): Promise<void> {
    await this.flushWhatIsLeft();
    unit.mustBeCommittable();
    const { transaction } = unit;
    this.sayFarewell(unit);
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
      await this.flush();
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
    // What has only read has nothing to be stored: it is as if the connection had been lost before.
    const stored =
      unit.marker !== undefined && (await this.wasCommitted(unit.marker, transaction.timeouts));
    unit.isUnknown = false;
    this.log.warn({ msg: 'the reply to a COMMIT was lost, and its outcome found out', stored });
    if (!stored) {
      throw new CommitLost(error);
    }
    transaction.stage = 'committed';
  }

  private async undo({ transaction }: Unit): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    if (handle && transaction.stage !== 'committed') {
      await this.rollBack(handle);
    }
  }

  private async rollBack(handle: Handle): Promise<void> {
    try {
      await this.connection.rollback(handle, this.broadcaster);
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

  private get connection(): ReturnType<EntityManager['getConnection']> {
    return this.getConnection('write');
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

/** Turns an error that is thrown at once into one that is awaited. */
async function doing<Manager, Result>(
  work: Work<Manager, Result>,
  manager: Manager,
): Promise<Result> {
  return work(manager);
}
