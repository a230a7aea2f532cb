import pg from 'pg';
import { TransactionMissing } from '../tenant-context/isolation-violation.ts';
import { currentScope, type Scope, scopes } from '../tenant-context/scope.ts';

interface Submitted {
  readonly text: string;
  read?: (...parameters: unknown[]) => unknown;
}

/** Its result is sent in pieces: the rest is asked for later, maybe by someone else. */
type Cursor = Required<Submitted>;

// The whole text, as kysely sends it: anything after it would not have been looked at.
const BEGINS =
  /^(?:begin|start transaction(?: isolation level [a-z ]+?)?(?: read (?:only|write))?)$/;
const ENDS = /^(?:commit|rollback)$/;
const UNDOES = /^rollback(?: to "?\w+"?)?$/;

/**
 * The last gate before the server, whichever way a statement came here: repositories, query builders, Kysely, streams,
 * connections. A transaction is that of the scope it was begun in, and its statements are sent in that scope or not at all.
 * Without a transaction nothing is sent: it would run without the tenant.
 */
export class ScopedClient extends pg.Client {
  private scope: Scope | undefined;

  override query(...parameters: unknown[]): never {
    const [statement] = parameters as [string | Submitted];
    const { text, read } = typeof statement === 'string' ? { text: statement } : statement;
    this.mustBeAllowed(text);
    if (read) {
      this.guard(statement as Cursor);
    }
    return super.query(...(parameters as [string])) as never;
  }

  private mustBeAllowed(text: string): void {
    if (BEGINS.test(text)) {
      // Not refused, even where there is no scope: kysely would not give the connection back. What follows is.
      this.scope = scopes.getStore();
      return;
    }
    // Undoing is always allowed: it is how a transaction ends that has been refused something.
    if (!UNDOES.test(text)) {
      this.mustBeInItsScope();
    }
    if (ENDS.test(text)) {
      this.scope = undefined;
    }
  }

  private mustBeInItsScope(): void {
    currentScope();
    if (!this.scope) {
      throw new TransactionMissing('This statement');
    }
    this.scope.mustBeCurrent();
  }

  private guard(cursor: Cursor): void {
    const read = cursor.read.bind(cursor);
    cursor.read = (...parameters) => {
      this.mustBeInItsScope();
      return read(...parameters);
    };
  }
}
