import pg from 'pg';
import { TransactionMissing } from '../tenant-context/isolation-violation.ts';
import { currentScope, type Scope, scopes } from '../tenant-context/scope.ts';

interface Submitted {
  readonly text: string;
  read?: (...parameters: unknown[]) => unknown;
}

/** Its result is sent in pieces: the rest is asked for later, maybe by someone else. */
type Cursor = Required<Submitted>;

// Each of them the whole text: more statements could follow what is let through.
const BEGINS = /^(?:begin|start transaction)[\w\s,]*$/i;
const ENDS = /^(?:commit|rollback)$/i;
const UNDOES = /^rollback(?: to "?\w+"?)?$/i;

/**
 * What the work before may have left on the connection, maybe another tenant's: cursors that are held, locks, and settings
 * of the session, its role among them. It goes in one message with what begins a transaction, and in a transaction of its
 * own: what the session says of transactions would otherwise be that of the one that begins.
 */
const FORGET = `begin; close all; unlisten *; select pg_advisory_unlock_all(); reset role; reset all; commit;`;

/**
 * The last gate before the server, whichever way a statement came here: repositories, query builders, Kysely, streams,
 * connections. A transaction is that of the scope it was begun in, and its statements are sent in that scope or not at all.
 * Without a transaction nothing is sent: it would run without the tenant.
 */
export class ScopedClient extends pg.Client {
  private scope: Scope | undefined;

  override query(...parameters: unknown[]): never {
    const [statement, ...rest] = parameters as [string | Submitted];
    const { text, read } = typeof statement === 'string' ? { text: statement } : statement;
    if (this.begins(text)) {
      // Not refused, even where there is no scope: kysely would not give the connection back. What follows is.
      this.scope = scopes.getStore();
      return super.query(...([`${FORGET} ${text}`, ...rest] as [string])) as never;
    }
    this.mustBeAllowed(text);
    if (read) {
      this.guard(statement as Cursor);
    }
    return super.query(...(parameters as [string])) as never;
  }

  /** Within a transaction it would begin none, and make it somebody else's. */
  private begins(text: string): boolean {
    return BEGINS.test(text) && this.getTransactionStatus() === 'I';
  }

  private mustBeAllowed(text: string): void {
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
