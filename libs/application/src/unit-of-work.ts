/** How strictly a transaction is kept apart from those beside it (SQL's terms). */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

/**
 * What a unit of work makes of one that is open already, in which it is run:
 * - `required`: it becomes a part of that one, or begins one. What fails in it cannot be undone without the whole.
 * - `nested`: it becomes a part that can fail on its own (a savepoint), or begins one.
 * - `requires_new`: it begins one of its own, which is stored whatever becomes of the other. It needs a second connection.
 * - `mandatory`: it becomes a part, and there has to be one. `supports`: a part if there is one, else without.
 * - `not_supported`: without a transaction, whether there is one or not. `never`: without, and there must be none.
 */
export type Propagation =
  'required' | 'nested' | 'requires_new' | 'mandatory' | 'supports' | 'not_supported' | 'never';

/** How often, and for how long, a unit of work is tried again. */
export interface RetryOptions {
  /** At most, the first one included; 5 unless told otherwise, and 1 for no second one. */
  readonly attempts?: number | undefined;
  /** After so many milliseconds no other attempt begins; 10,000 unless told otherwise. */
  readonly deadlineMs?: number | undefined;
  /** Also after something was there already that has to be unique: for work that looks for it first. */
  readonly onUniqueViolation?: boolean | undefined;
}

/** Time limits of one unit of work (milliseconds); those of the configuration where it says nothing. */
export interface UnitOfWorkTimeouts {
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  /** Between two statements. */
  readonly idleInTransactionTimeoutMs?: number;
  /** For each attempt as a whole, whatever it waits for. */
  readonly transactionTimeoutMs?: number;
}

export interface UnitOfWorkOptions {
  /** It only reads: a write in it fails. */
  readonly readOnly?: boolean | undefined;
  /** `read committed` unless told otherwise. */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** `required` unless told otherwise. */
  readonly propagation?: Propagation | undefined;
  /**
   * The work does nothing that matters outside of the database, so it may be done again when the connection was lost in the
   * middle of it. Without this only what has lost a race against others is done again.
   */
  readonly replayable?: boolean | undefined;
  readonly retry?: RetryOptions | undefined;
  readonly timeouts?: UnitOfWorkTimeouts | undefined;
  /** Gives it up, and cancels the query that is under way; not any more when it is being stored. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs a piece of work as a whole, in the scope that is current. */
export abstract class UnitOfWork {
  /**
   * All that `work` adds and changes is stored together when it returns, or nothing of it when it throws.
   *
   * The work may be done more than once: read, and make, all that it changes inside of it. What it has read and made
   * belongs to it, and cannot be changed any more when it has ended.
   * @throws {DomainError} for what the database refuses, in terms that the caller can act on
   * @throws {CommitOutcomeUnknown} when the database cannot say whether it was stored
   */
  abstract run<Result>(work: () => Promise<Result>, options?: UnitOfWorkOptions): Promise<Result>;

  /**
   * Has something done when all of the current unit of work is stored, and only then: once, outside of its transaction.
   * That it fails is logged, and changes nothing of what was stored. After the process has died nobody does it: what must
   * not be forgotten is recorded as an event.
   * @throws outside of a unit of work
   */
  abstract afterCommit(hook: () => unknown): void;

  /** Has something done when it is known that nothing was stored. @throws outside of a unit of work */
  abstract afterRollback(hook: () => unknown): void;
}
