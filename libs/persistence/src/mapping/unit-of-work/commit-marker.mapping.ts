import { defineEntity, p } from '@mikro-orm/core';
import { ROLES } from '../../roles.ts';
import { tenantOwned, tenantOwnedKey } from '../tenant-owned.ts';

const properties = {
  /** Unless the transaction has said otherwise, whoever asked for it has put it there: it was not stored, and never will be. */
  fenced: p.boolean().default(true),
  createdAt: p.datetime().defaultRaw('now()'),
};

/** What a transaction leaves of itself: see `unit-of-work/commit-marker.ts`. */
export const commitMarkerMapping = defineEntity({
  ...tenantOwned,
  name: 'CommitMarker',
  tableName: 'commit_marker',
  properties: { ...tenantOwnedKey, ...properties },
});

/** The same for transactions on the catalog. */
export const catalogCommitMarkerMapping = defineEntity({
  name: 'CatalogCommitMarker',
  schema: 'catalog',
  tableName: 'commit_marker',
  rowLevelSecurity: 'force',
  policies: [{ name: 'operator', roles: [ROLES.operator], using: 'true', check: 'true' }],
  properties: { id: p.uuid().primary(), ...properties },
});
