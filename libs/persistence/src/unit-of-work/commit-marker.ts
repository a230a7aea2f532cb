import { newId } from '@tenantry/domain';
import pg from 'pg';
import type { Scope } from '../tenant-context/scope.ts';

/**
 * The mark that a transaction leaves of itself: a row that is there when it was stored, whatever became of its connection.
 * To ask for it is to put it there, fenced: either the transaction's own is there, or the transaction can never be stored
 * any more, since its COMMIT comes in one message with a row of the same key.
 */
export interface CommitMarker {
  readonly id: string;
  /** Leaves the mark, unless the transaction has written nothing. */
  readonly leave: string;
  /** Makes sure that it is there. It waits for a transaction that is about to leave it. */
  readonly fence: string;
  /** Whether it is a fence. */
  readonly look: string;
}

/** A new marker for a transaction in the scope; `undefined` where nothing can be written. */
export function commitMarker(scope: Scope): CommitMarker | undefined {
  const id = newId<'CommitMarker'>();
  switch (scope.kind) {
    case 'tenant': {
      const { schema, id: tenant } = scope.tenant;
      return markerIn(schema, { tenant_id: tenant, id });
    }
    case 'operator':
      return markerIn('catalog', { id });
    case 'reader':
      return undefined;
  }
}

function markerIn(
  schema: string,
  key: { readonly tenant_id?: string; readonly id: string },
): CommitMarker {
  const table = `${pg.escapeIdentifier(schema)}.commit_marker`;
  const columns = Object.keys(key).join(', ');
  const values = Object.values(key)
    .map((value) => `${pg.escapeLiteral(value)}::uuid`)
    .join(', ');
  return {
    id: key.id,
    // The server knows whether there is anything to be stored: what functions have written cannot be seen from here.
    leave: `insert into ${table} (${columns}) select ${values} where pg_current_xact_id_if_assigned() is not null`,
    fence: `insert into ${table} (${columns}, fenced) values (${values}, true) on conflict (${columns}) do nothing`,
    look: `select fenced from ${table} where (${columns}) = (${values})`,
  };
}
