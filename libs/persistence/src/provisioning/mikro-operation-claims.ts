import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { OperationClaims } from '@tenantry/application';
import type { TenantOperationId } from '@tenantry/domain';
import { lock, tryLock } from '../migrations/advisory-lock.ts';

const PATIENCE_MS = 60_000;

/**
 * A claim is an advisory lock, in a transaction that does nothing else: it ends with the connection, so nobody has to
 * find out whether a provisioner is still alive.
 */
export class MikroOperationClaims extends OperationClaims {
  /** @param orm the owner's */
  constructor(private readonly orm: MikroORM) {
    super();
  }

  override hold(operation: TenantOperationId, work: () => Promise<void>): Promise<boolean> {
    const inScope = AsyncLocalStorage.snapshot();
    return this.inTransaction(async (transaction) => {
      if (!(await tryLock(transaction, claimOf(operation)))) {
        return false;
      }
      await inScope(work);
      return true;
    });
  }

  override holdInTurn<Result>(
    operation: TenantOperationId,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const inScope = AsyncLocalStorage.snapshot();
    return this.inTransaction(async (transaction) => {
      await lock(transaction, claimOf(operation), PATIENCE_MS);
      return inScope(work);
    });
  }

  /** Within it there is no scope: work goes back to the one it came from, and the claim's transaction stays out of it. */
  private inTransaction<Result>(
    work: (transaction: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const entityManager = this.orm.em.fork({
      session: { variables: { idle_in_transaction_session_timeout: '0' } },
    });
    return entityManager.transactional(work);
  }
}

function claimOf(operation: TenantOperationId): string {
  return `operation ${operation}`;
}
