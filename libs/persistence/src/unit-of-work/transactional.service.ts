import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { sqlStateOf } from '../connection/connection-errors.ts';
import type { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';
import { Retry, type RetryTerms } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';
import { UnitOfWorkMissing } from './transaction-errors.ts';
import type { UnitOptions } from './transactional-entity-manager.ts';
import { translated } from './translated-error.ts';
import type { Answer, Hook, Unit } from './unit.ts';

const READ_ONLY = '25006';

/** How a transaction is run. */
export interface TransactionalOptions
  extends
    Pick<UnitOptions, 'propagation' | 'isolationLevel' | 'readOnly' | 'signal' | 'timeouts'>,
    Pick<RetryTerms, 'replayable'> {
  readonly retry?: RetryTerms | undefined;
}

/** Runs operations over several repositories in one transaction, in the scope that is current. */
@Injectable()
export class TransactionalService {
  private static readonly services = new WeakMap<object, TransactionalService>();
  private readonly entityManager: ScopedEntityManager;

  constructor(
    entityManager: EntityManager,
    private readonly budget: RetryBudget,
  ) {
    this.entityManager = entityManager as ScopedEntityManager;
    TransactionalService.services.set(entityManager.config, this);
  }

  /** The one of the data access layer that the entity manager is from. */
  static of({ config }: Pick<EntityManager, 'config'>): TransactionalService | undefined {
    return TransactionalService.services.get(config);
  }

  /**
   * Commits when `work` returns and rolls everything back when it throws. Inside another transaction it is a part of that
   * one (`REQUIRED`), unless the options say otherwise. The work may be done more than once.
   * @throws {DomainError} for what the database refuses, in terms that the caller can act on
   * @throws {CommitOutcomeUnknown} when the database cannot say whether it was stored
   * @throws {UnexpectedRollback} when an error was swallowed after which nothing could be stored
   * @throws {PropagationMismatch} when the open transaction is not what the options ask for
   * @throws {TenantContextMissing} outside of a scope
   */
  async run<Result>(
    work: (entityManager: EntityManager) => Promise<Result>,
    { replayable, retry, ...options }: TransactionalOptions = {},
  ): Promise<Result> {
    const { signal } = options;
    const all: UnitOptions = {
      propagation: 'required',
      readOnly: false,
      ...options,
      retry: new Retry({ ...retry, replayable, signal }, this.budget),
    };
    try {
      return await this.entityManager.transactional(work, all);
    } catch (error) {
      // What only reads and yet writes is a mistake in the program, and no state of the database.
      throw options.readOnly && sqlStateOf(error) === READ_ONLY ? error : translated(error);
    }
  }

  /** See `UnitOfWork.afterCommit`. @throws {UnitOfWorkMissing} */
  afterCommit(hook: Hook): void {
    this.unit.afterCommit(hook);
  }

  /** See `UnitOfWork.afterRollback`. @throws {UnitOfWorkMissing} */
  afterRollback(hook: Hook): void {
    this.unit.afterRollback(hook);
  }

  /** Stores an answer with the current unit of work, with it. @throws {UnitOfWorkMissing} */
  keepAnswer(answer: Answer): void {
    this.unit.answers.push(answer);
  }

  private get unit(): Unit {
    const { unit } = this.entityManager.getContext(false);
    if (!unit) {
      throw new UnitOfWorkMissing();
    }
    return unit;
  }
}
