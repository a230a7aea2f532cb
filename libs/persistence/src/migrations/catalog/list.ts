import type { ListedMigration } from '../schema-migration.ts';
import { Initial } from './20261122120000-initial.ts';
import { TenantLifecycle } from './20261122180000-tenant-lifecycle.ts';
import { Audit } from './20261122190000-audit.ts';
import { UnitOfWork } from './20261124232659-unit-of-work.ts';
import { Fleet } from './20261125025152-fleet.ts';
import { ExpandContract } from './20261125091907-expand-contract.ts';
import { Seeds } from './20261125110204-seeds.ts';
import { WarmPlacements } from './20261126200000-warm-placements.ts';

export const catalogMigrations: readonly ListedMigration[] = [
  { name: '20261122120000-initial', class: Initial },
  { name: '20261122180000-tenant-lifecycle', class: TenantLifecycle },
  { name: '20261122190000-audit', class: Audit },
  { name: '20261124232659-unit-of-work', class: UnitOfWork },
  { name: '20261125025152-fleet', class: Fleet },
  { name: '20261125091907-expand-contract', class: ExpandContract },
  { name: '20261125110204-seeds', class: Seeds },
  { name: '20261126200000-warm-placements', class: WarmPlacements },
];
