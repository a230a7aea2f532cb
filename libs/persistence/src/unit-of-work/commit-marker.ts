import pg from 'pg';
import type { Scope } from '../tenant-context/scope.ts';

/** The tables whose rows tell that a transaction was stored, and the condition of those that tell that it was not. */
const TABLES = {
  commit_marker: 'fenced',
  outbox_event: 'name is null',
  idempotency_key: 'fingerprint is null',
} as const;

/**
 * The mark that a transaction leaves of itself: a row that is there when it was stored, whatever became of its connection.
 * To ask for it is to put it there, as a fence: either the transaction's own is there, or the transaction can never be
 * stored any more, since its COMMIT comes in one message with a row of the same key.
 */
export interface CommitMarker {
  readonly id: string;
  /** Makes sure that it is there. It waits for a transaction that is about to leave it. */
  readonly fence: string;
  /** Whether it is a fence. */
  readonly look: string;
}

/** Where the transactions of a scope leave their marks: its schema, and whose rows they are. */
export interface MarkerPlace {
  readonly schema: string;
  readonly owner: { readonly tenant_id?: string };
}

/** `undefined` where nothing can be written. */
export function markerPlaceOf(scope: Scope): MarkerPlace | undefined {
  switch (scope.kind) {
    case 'tenant':
      return { schema: scope.tenant.schema, owner: { tenant_id: scope.tenant.id } };
    case 'operator':
      return { schema: 'catalog', owner: {} };
    case 'reader':
    case 'relay':
      return undefined;
  }
}

/** The marker that a row of this table is, which the transaction leaves anyway. */
export function markerIn(
  { schema, owner }: MarkerPlace,
  table: keyof typeof TABLES,
  id: string,
): CommitMarker {
  const name = `${pg.escapeIdentifier(schema)}.${table}`;
  const { columns, values } = keyOf({ ...owner, id });
  return {
    id,
    fence: `insert into ${name} (${columns}) values (${values}) on conflict (${columns}) do nothing`,
    look: `select ${TABLES[table]} as fenced from ${name} where (${columns}) = (${values})`,
  };
}

/** Leaves a marker of its own, unless the transaction has written nothing. */
export function leaveMarker({ schema, owner }: MarkerPlace, id: string): string {
  const { columns, values } = keyOf({ ...owner, id });
  // The server knows whether there is anything to be stored: what functions have written cannot be seen from here.
  return `insert into ${pg.escapeIdentifier(schema)}.commit_marker (${columns}, fenced)
    select ${values}, false where pg_current_xact_id_if_assigned() is not null`;
}

function keyOf(key: Readonly<Record<string, string>>): { columns: string; values: string } {
  return {
    columns: Object.keys(key).join(', '),
    values: Object.values(key)
      .map((value) => `${pg.escapeLiteral(value)}::uuid`)
      .join(', '),
  };
}
