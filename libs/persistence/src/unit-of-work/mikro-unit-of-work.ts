import { Injectable } from '@nestjs/common';
import { UnitOfWork, type UnitOfWorkOptions } from '@tenantry/application';
import { TransactionalService } from './transactional.service.ts';

/** A unit of work is a transaction: MikroORM keeps track of what is added and changed, and writes it at the end. */
@Injectable()
export class MikroUnitOfWork extends UnitOfWork {
  constructor(private readonly transactional: TransactionalService) {
    super();
  }

  override run<Result>(work: () => Promise<Result>, options?: UnitOfWorkOptions): Promise<Result> {
    return this.transactional.run(work, options);
  }

  override afterCommit(hook: () => unknown): void {
    this.transactional.afterCommit(hook);
  }

  override afterRollback(hook: () => unknown): void {
    this.transactional.afterRollback(hook);
  }
}
