import { SHARED_SCHEMA } from '@tenantry/domain';

/** The database roles that the migrator makes. None of them can log in; the app's login may become all but the owner. */
export const ROLES = {
  /** Owns all tables and runs all DDL. */
  owner: 'tenantry_owner',
  /** Reads the catalog's rows of one tenant. Every placement's role is a member of it. */
  tenant: 'tenantry_tenant',
  /** Reads and writes the catalog, and sees no tenant's tables. */
  operator: 'tenantry_operator',
  /** Reads the catalog, for the program itself: to find tenants, to see whether all is well, and to say that it is there. */
  reader: 'tenantry_reader',
  /** Sees in every placement whose events are to be delivered, and nothing else. */
  relay: 'tenantry_relay',
} as const;

/** Names that need no quotes, and whose roles are not cut off: whatever the catalog says, none of them is SQL. */
const PLACEMENT = /^[a-z][a-z0-9_]{0,50}$/;

/**
 * The role that reads and writes a placement's rows, as the policies decide, and has no right in any other placement.
 * An engine that cannot have a role for each placement gives one role for all of them here.
 * @throws {RangeError} for a schema whose role would be one of {@link ROLES}; placements have no such names
 */
export function roleOfPlacement(schema: string): string {
  const role = schema === SHARED_SCHEMA ? 'tenantry_shared' : `tenantry_${schema}`;
  if (!PLACEMENT.test(schema) || Object.values<string>(ROLES).includes(role)) {
    throw new RangeError(`${schema} is no name for the schema of a placement.`);
  }
  return role;
}
