import { TENANT_SETTING } from '../tenant-context/scope.ts';

/** How PostgreSQL prints the condition that a column is the scope's tenant. */
const isTenant = (column: string): string =>
  `(${column} = (current_setting('${TENANT_SETTING}'::text))::uuid)`;

/** What PostgreSQL prints of the policies of tenants' tables, which `mapping/tenant-owned.ts` has. */
export const OWN_ROWS = isTenant('tenant_id');

/** What it prints of the policies of the catalog that are for tenants, which `mapping/catalog` has. */
export const OWN_CATALOG_ROWS: readonly string[] = [
  OWN_ROWS,
  isTenant('id'),
  '(schema_name = "current_schema"())',
  `(target = current_setting('${TENANT_SETTING}'::text))`,
];
