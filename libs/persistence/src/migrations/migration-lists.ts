import { catalogMigrations } from './catalog/list.ts';
import type { MigrationLists } from './schema-migration.ts';
import { tenantMigrations } from './tenant/list.ts';

/** All migrations of this build, in the order in which they are applied. */
export const migrationLists: MigrationLists = {
  catalog: catalogMigrations,
  tenant: tenantMigrations,
};
