import { TransactionContext } from '@mikro-orm/core';
import { InvalidValue } from '@tenantry/domain';
import { TenantContextMissing } from './isolation-violation.ts';
import type { PlacedTenant } from './placed-tenant.ts';
import {
  currentScope,
  OperatorScope,
  ReaderScope,
  RelayScope,
  type Scope,
  scopes,
  TenantScope,
} from './scope.ts';
import type { ScopedEntityManager } from './scoped-entity-manager.ts';

/** How a scope is entered. */
export interface ScopeOptions {
  /** Of whoever is served: when it is raised, what the database does in the scope is cancelled. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Says on whose behalf the database is used. A scope is entered for the duration of a piece of work and ends with it;
 * there is no way to set one. Within it every repository and entity manager uses an identity map of its own, sealed to
 * the tenant, its schema and its database role. Scopes can be nested: the inner one has transactions of its own.
 */
export class TenantContext {
  /** @param entityManager the root one, which is refused outside of scopes */
  constructor(private readonly entityManager: ScopedEntityManager) {}

  /** Does the work on behalf of the tenant: nothing of any other tenant can be read or changed by it. */
  run<Result>(
    tenant: PlacedTenant,
    work: () => Promise<Result>,
    { signal }: ScopeOptions = {},
  ): Promise<Result> {
    return this.enter(new TenantScope(tenant, signal), work);
  }

  /**
   * Does an operator's work on the catalog, across tenants, but in no tenant's tables. It is audited before it is done,
   * whatever becomes of it.
   * @param reason who wants what, for whoever reads the audit
   * @throws {InvalidValue} without a reason
   */
  async runAsOperator<Result>(
    reason: string,
    work: () => Promise<Result>,
    { signal }: ScopeOptions = {},
  ): Promise<Result> {
    if (reason.trim() === '') {
      throw new InvalidValue('reason', 'must say why the work is done as an operator');
    }
    return this.enter(new OperatorScope(reason, signal), async (entityManager) => {
      await entityManager.transactional((transaction) =>
        transaction.execute('insert into audit (reason) values (?)', [reason]),
      );
      return work();
    });
  }

  /** Does what the program itself has to look up in the catalog, such as the tenant of a request. It changes nothing but its heartbeat. */
  runAsReader<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.enter(new ReaderScope(), work);
  }

  /** Looks for events that are to be delivered, of all tenants. What is in them can only be read in a tenant's scope. */
  runAsRelay<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.enter(new RelayScope(), work);
  }

  /** @throws {TenantContextMissing} outside of any tenant's scope */
  current(): PlacedTenant {
    const scope = currentScope();
    if (scope.kind !== 'tenant') {
      throw new TenantContextMissing();
    }
    return scope.tenant;
  }

  private enter<Result>(
    scope: Scope,
    work: (entityManager: ScopedEntityManager) => Promise<Result>,
  ): Promise<Result> {
    return scopes.run(scope, async () => {
      const entityManager = this.entityManager.seal(scope);
      try {
        // MikroORM asks its transaction context first, so that is where a scope has to be entered: a scope inside
        // another one's transaction would otherwise use that transaction.
        return await TransactionContext.create(entityManager, () => work(entityManager));
      } finally {
        scope.end();
      }
    });
  }
}
