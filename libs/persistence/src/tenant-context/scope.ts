import { AsyncLocalStorage } from 'node:async_hooks';
import type { DatabaseConfig } from '@tenantry/platform';
import { roleOfPlacement, ROLES } from '../roles.ts';
import type { PlacedTenant } from './placed-tenant.ts';

/** On whose behalf the database is used: a tenant's, or an operator's, who sees the catalog but no tenant's tables. */
export type Scope =
  | { readonly kind: 'tenant'; readonly tenant: PlacedTenant }
  | { readonly kind: 'operator'; readonly reason: string };

/** The scope that is current, along the thread of asynchronous calls. */
export const scopes = new AsyncLocalStorage<Scope>();

/** The server's setting that the policies of all tenant-owned tables compare with. */
export const TENANT_SETTING = 'app.tenant_id';

export type Timeouts = Pick<
  DatabaseConfig,
  'statementTimeoutMs' | 'lockTimeoutMs' | 'idleInTransactionTimeoutMs'
>;

/**
 * What the server is told at the beginning of each transaction in a scope. All of it is local to the transaction, so a
 * pooled connection has forgotten it at commit. No other place enters a scope.
 */
export function settingsOf(scope: Scope, timeouts: Timeouts): Record<string, string> {
  return {
    ...(scope.kind === 'tenant'
      ? {
          role: roleOfPlacement(scope.tenant.schema),
          // pg_temp last: otherwise it is searched first, and a temporary table could shadow a real one.
          search_path: `"${scope.tenant.schema}", pg_temp`,
          [TENANT_SETTING]: scope.tenant.id,
        }
      : { role: ROLES.operator, search_path: 'catalog, pg_temp' }),
    statement_timeout: `${timeouts.statementTimeoutMs}ms`,
    lock_timeout: `${timeouts.lockTimeoutMs}ms`,
    idle_in_transaction_session_timeout: `${timeouts.idleInTransactionTimeoutMs}ms`,
  };
}
