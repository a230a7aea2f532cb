import { AsyncLocalStorage } from 'node:async_hooks';
import { currentAccount, type DatabaseConfig } from '@tenantry/platform';
import pg from 'pg';
import { roleOfPlacement, ROLES } from '../roles.ts';
import { ScopeEnded, ScopeMismatch, TenantContextMissing } from './isolation-violation.ts';
import type { PlacedTenant } from './placed-tenant.ts';

/** On whose behalf the database is used. It is open as long as the work that it was entered for. */
abstract class OpenScope {
  /** Whose it is, for error messages. */
  abstract readonly whose: string;
  /** What the server is told, apart from time limits. */
  abstract readonly settings: Readonly<Record<string, string>>;
  private open = true;
  private stored = false;
  /** The scope that it was entered in. */
  private readonly around = scopes.getStore();

  /** @param signal of whoever is served, who may go away before the work is done */
  constructor(readonly signal?: AbortSignal) {}

  end(): void {
    this.open = false;
  }

  /** Whether something may have been stored in it, around it, or in scopes that were entered in it. */
  get hasStored(): boolean {
    return this.stored || (this.around?.hasStored ?? false);
  }

  /** A transaction that could write has been committed, or nobody knows. */
  store(): void {
    this.stored = true;
    this.around?.store();
  }

  /**
   * @throws {TenantContextMissing} outside of any scope
   * @throws {ScopeMismatch} in another scope
   * @throws {ScopeEnded} when its work is over
   */
  mustBeCurrent(): void {
    const current = currentScope();
    if (!this.sees(current)) {
      throw new ScopeMismatch(this.whose, current.whose);
    }
    if (!this.open) {
      throw new ScopeEnded(this.whose);
    }
  }

  /** Whether both are the same tenant in the same place, or both are operators: then they may see the same. */
  sees(other: Scope): boolean {
    return (
      this.settings === other.settings ||
      JSON.stringify(this.settings) === JSON.stringify(other.settings)
    );
  }
}

/** A tenant's: its rows, in its placement. */
export class TenantScope extends OpenScope {
  readonly kind = 'tenant';
  override readonly whose: string;
  override readonly settings: Readonly<Record<string, string>>;

  constructor(
    readonly tenant: PlacedTenant,
    signal?: AbortSignal,
  ) {
    super(signal);
    this.whose = `tenant ${tenant.slug}`;
    this.settings = {
      role: roleOfPlacement(tenant.schema),
      // pg_temp last: otherwise it is searched first, and a temporary table could shadow a real one.
      search_path: `${pg.escapeIdentifier(tenant.schema)}, pg_temp`,
      [TENANT_SETTING]: tenant.id,
    };
  }
}

/** An operator's, who sees the catalog but no tenant's tables. */
export class OperatorScope extends OpenScope {
  readonly kind = 'operator';
  override readonly whose = 'operators';
  override readonly settings = { role: ROLES.operator, search_path: 'catalog, pg_temp' };

  constructor(
    readonly reason: string,
    signal?: AbortSignal,
  ) {
    super(signal);
  }
}

/** The program's own look at the catalog, which it may not change. */
export class ReaderScope extends OpenScope {
  readonly kind = 'reader';
  override readonly whose = 'the program itself';
  override readonly settings = { role: ROLES.reader, search_path: 'catalog, pg_temp' };
}

/** The relay's, who sees whose events are to be delivered, in all placements. */
export class RelayScope extends OpenScope {
  readonly kind = 'relay';
  override readonly whose = 'the relay of events';
  override readonly settings = { role: ROLES.relay, search_path: 'pg_temp' };
}

export type Scope = TenantScope | OperatorScope | ReaderScope | RelayScope;

/** The scope that is current, along the thread of asynchronous calls. */
export const scopes = new AsyncLocalStorage<Scope>();

/** @throws {TenantContextMissing} outside of any */
export function currentScope(): Scope {
  const scope = scopes.getStore();
  if (!scope) {
    throw new TenantContextMissing();
  }
  return scope;
}

/** The server's setting that the policies of all tenant-owned tables compare with. */
export const TENANT_SETTING = 'app.tenant_id';

export type Timeouts = Pick<
  DatabaseConfig,
  | 'statementTimeoutMs'
  | 'lockTimeoutMs'
  | 'idleInTransactionTimeoutMs'
  | 'transactionTimeoutMs'
  | 'commitTimeoutMs'
>;

/** The time limits of transactions in a scope, where nothing else is said of one: a tenant's plan may have its own. */
export function timeoutsIn(scope: Scope | undefined, defaults: Timeouts): Timeouts {
  const limits = scope?.kind === 'tenant' ? scope.tenant.limits : undefined;
  if (!limits) {
    return defaults;
  }
  // One by one: the defaults are the whole configuration, and a copy of that takes longer than the rest of entering a scope.
  const { lockTimeoutMs, idleInTransactionTimeoutMs, transactionTimeoutMs, commitTimeoutMs } =
    defaults;
  const { statementTimeoutMs } = limits;
  return {
    statementTimeoutMs,
    lockTimeoutMs,
    idleInTransactionTimeoutMs,
    transactionTimeoutMs,
    commitTimeoutMs,
  };
}

/** From this version on the server limits whole transactions itself. */
const WITH_TRANSACTION_TIMEOUT = 17;
/** It is to do so only when the program does not get to it: the server ends the connection with the transaction. */
const AFTER_THE_PROGRAM_MS = 5_000;

/**
 * The statements that enter a scope, sent with what begins a transaction. All of it is local to the transaction, so a
 * pooled connection has forgotten it at commit. No other place enters a scope. They need no plan, so they take the server
 * half as long as `set_config` does.
 * @param serverVersion the server's major version
 */
export function enterScope(
  scope: Scope,
  timeouts: Timeouts,
  serverVersion: number,
): readonly string[] {
  const { search_path: path, ...settings } = scope.settings;
  const all = {
    ...settings,
    application_name: applicationNameOf(scope),
    statement_timeout: `${timeouts.statementTimeoutMs}ms`,
    lock_timeout: `${timeouts.lockTimeoutMs}ms`,
    idle_in_transaction_session_timeout: `${timeouts.idleInTransactionTimeoutMs}ms`,
    ...(serverVersion >= WITH_TRANSACTION_TIMEOUT && {
      transaction_timeout: `${timeouts.transactionTimeoutMs + AFTER_THE_PROGRAM_MS}ms`,
    }),
  };
  // A list, in which names are quoted already: as a literal it would be one name.
  const searchPath = `set local search_path = ${path}`;
  const others = Object.entries(all).map(
    ([name, value]) => `set local ${name} = ${pg.escapeLiteral(value)}`,
  );
  return [searchPath, ...others];
}

/** What PostgreSQL keeps of a name, in bytes. */
const LONGEST_NAME = 63;

/** Says in `pg_stat_activity` who it is that a transaction is for, and which request: `tenantry:acme:<id>`. */
function applicationNameOf(scope: Scope): string {
  // A slug has no brackets: no tenant can pass for anybody else.
  const who = scope.kind === 'tenant' ? scope.tenant.slug : `(${scope.kind})`;
  const { requestId } = currentAccount() ?? {};
  const name = ['tenantry', who, ...(requestId === undefined ? [] : [requestId])].join(':');
  return name.slice(0, LONGEST_NAME);
}
