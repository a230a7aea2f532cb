import type { PlacedTenant } from '@tenantry/persistence';

/** The recipe for row security, as all have it: the first statement of each transaction, local to it. */
export const ENTER = `select set_config('role', $1, true), set_config('search_path', $2, true), set_config('app.tenant_id', $3, true)`;

/** What {@link ENTER} sets, in its order. */
export function settingsOf({ id, schema }: PlacedTenant): [string, string, string] {
  return [`tenantry_${schema}`, `"${schema}", pg_temp`, id];
}
