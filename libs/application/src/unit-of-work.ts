/** How strictly a transaction is kept apart from those beside it (SQL's terms). */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

export interface UnitOfWorkOptions {
  /** It only reads: a write in it fails. */
  readonly readOnly?: boolean;
  /** `read committed` unless told otherwise. */
  readonly isolationLevel?: IsolationLevel;
}

/** Runs a piece of work as a whole, in the scope that is current. */
export abstract class UnitOfWork {
  /**
   * All that `work` adds and changes is stored together when it returns, or nothing of it when it throws. Within another
   * unit of work it becomes a part of that one.
   */
  abstract run<Result>(work: () => Promise<Result>, options?: UnitOfWorkOptions): Promise<Result>;
}
