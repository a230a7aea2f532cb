import type { ListedMigration } from '../schema-migration.ts';
import { Initial } from './20261122120000-initial.ts';

export const tenantMigrations: readonly ListedMigration[] = [
  { name: '20261122120000-initial', class: Initial },
];
