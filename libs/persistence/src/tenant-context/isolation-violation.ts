import { countRefusal, expectRefusals } from '@tenantry/platform';

/**
 * The program reached for data in a way that could cross from one tenant to another, and was stopped before anything was
 * read or written. It is always a mistake in the program: fix it where the stack trace points to.
 */
export abstract class IsolationViolation extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
    countRefusal(this.name);
  }
}

/** The database was to be used outside of any scope, or a tenant's tables outside of that tenant's. */
export class TenantContextMissing extends IsolationViolation {
  constructor() {
    super(
      'There is no tenant here. Do it within TenantContext.run(tenant, …) or, for the catalog, within ' +
        'TenantContext.runAsOperator(reason, …).',
    );
  }
}

/** What belongs to one scope (an entity manager, a query, a stream, a transaction) was used in another one. */
export class ScopeMismatch extends IsolationViolation {
  constructor(own: string, current: string) {
    super(
      `This belongs to the scope of ${own}, and was used in that of ${current}. ` +
        'Make it anew there: nothing of one scope can be taken to another.',
    );
  }
}

/** The work that the scope was entered for is over, and something of it still reaches for the database. */
export class ScopeEnded extends IsolationViolation {
  constructor(own: string) {
    super(`The scope of ${own} has ended. Await all of its work before it does.`);
  }
}

/** The transaction is over, and its entity manager was used once more. */
export class UnitOfWorkEnded extends IsolationViolation {
  constructor() {
    super('The unit of work has ended. Await all of its work inside of it, or begin another one.');
  }
}

/** Who an entity manager works for was to be changed. */
export class ScopeSealed extends IsolationViolation {
  constructor(what: string, instead: string) {
    super(`${what} is refused: an entity manager is sealed to its scope for life. ${instead}`);
  }
}

/** An entity or a row of one scope was to be written, or referred to, in another one. */
export class EntityOfAnotherScope extends IsolationViolation {
  constructor(entity: string) {
    super(`This ${entity} is of another scope. Read it again in the scope that it is used in.`);
  }
}

/** SQL that would run without a transaction, and so without the scope's role and tenant. */
export class TransactionMissing extends IsolationViolation {
  constructor(what: string) {
    super(`${what} needs a transaction. Use it within UnitOfWork.run or TransactionalService.run.`);
  }
}

[
  TenantContextMissing,
  ScopeMismatch,
  ScopeEnded,
  UnitOfWorkEnded,
  ScopeSealed,
  EntityOfAnotherScope,
  TransactionMissing,
].forEach(({ name }) => {
  expectRefusals(name);
});
