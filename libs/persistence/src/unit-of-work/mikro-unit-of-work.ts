import { IsolationLevel } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  type IsolationLevel as Level,
  UnitOfWork,
  type UnitOfWorkOptions,
} from '@tenantry/application';
import { TransactionalService } from './transactional.service.ts';

const LEVELS = {
  'read committed': IsolationLevel.READ_COMMITTED,
  'repeatable read': IsolationLevel.REPEATABLE_READ,
  serializable: IsolationLevel.SERIALIZABLE,
} satisfies Record<Level, IsolationLevel>;

/** A unit of work is a transaction: MikroORM keeps track of what is added and changed, and writes it at the end. */
@Injectable()
export class MikroUnitOfWork extends UnitOfWork {
  constructor(private readonly transactional: TransactionalService) {
    super();
  }

  override run<Result>(
    work: () => Promise<Result>,
    { isolationLevel, readOnly }: UnitOfWorkOptions = {},
  ): Promise<Result> {
    return this.transactional.run(work, {
      ...(isolationLevel && { isolationLevel: LEVELS[isolationLevel] }),
      ...(readOnly && { readOnly }),
    });
  }
}
