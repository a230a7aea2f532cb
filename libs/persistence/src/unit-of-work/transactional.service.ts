import type { TransactionOptions } from '@mikro-orm/core';
import { EntityManager, TransactionPropagation } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { translated } from './translated-error.ts';

/** How a transaction is run; see {@link TransactionPropagation} for what it makes of one that is open already. */
export type TransactionalOptions = Pick<
  TransactionOptions,
  'propagation' | 'isolationLevel' | 'readOnly'
>;

/** Runs operations over several repositories in one transaction, in the scope that is current. */
@Injectable()
export class TransactionalService {
  constructor(private readonly entityManager: EntityManager) {}

  /**
   * Commits when `work` returns and rolls everything back when it throws. Inside another transaction it is a part of that
   * one (`REQUIRED`), unless the options say otherwise.
   * @throws {DomainError} for what the database refuses, in terms that the caller can act on
   * @throws {TenantContextMissing} outside of a scope
   */
  async run<Result>(
    work: (entityManager: EntityManager) => Promise<Result>,
    options: TransactionalOptions = {},
  ): Promise<Result> {
    try {
      return await this.entityManager.transactional(work, {
        propagation: TransactionPropagation.REQUIRED,
        ...options,
      });
    } catch (error) {
      throw translated(error);
    }
  }
}
