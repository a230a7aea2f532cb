/** The database roles that the migrator makes. None of them can log in; the app's login may become the last two. */
export const ROLES = {
  /** Owns all tables and runs all DDL. */
  owner: 'tenantry_owner',
  /** Reads and writes the rows of one tenant, as the policies decide. */
  tenant: 'tenantry_tenant',
  /** Reads and writes the catalog, and sees no tenant's tables. */
  operator: 'tenantry_operator',
} as const;
