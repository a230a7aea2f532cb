import { UnitOfWork, type UnitOfWorkOptions } from '../unit-of-work.ts';

/** Runs the work and keeps count: what a use case needs of a unit of work when there is no database. */
export class PlainUnitOfWork extends UnitOfWork {
  readonly runs: UnitOfWorkOptions[] = [];

  override run<Result>(
    work: () => Promise<Result>,
    options: UnitOfWorkOptions = {},
  ): Promise<Result> {
    this.runs.push(options);
    return work();
  }

  override afterCommit(hook: () => unknown): void {
    hook();
  }

  override afterRollback(): void {
    return undefined;
  }
}
