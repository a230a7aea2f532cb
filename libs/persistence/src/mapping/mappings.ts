import { appliedMigrationMapping } from './catalog/applied-migration.mapping.ts';
import { appliedSeederMapping } from './catalog/applied-seeder.mapping.ts';
import { auditEntryMapping } from './catalog/audit-entry.mapping.ts';
import { backfillProgressMapping } from './catalog/backfill-progress.mapping.ts';
import { heartbeatMapping } from './catalog/heartbeat.mapping.ts';
import { installationMapping } from './catalog/installation.mapping.ts';
import { migrationFailureMapping } from './catalog/migration-failure.mapping.ts';
import { placementMapping } from './catalog/placement.mapping.ts';
import { tenantOperationMapping } from './catalog/tenant-operation.mapping.ts';
import { tenantMapping } from './catalog/tenant.mapping.ts';
import { warmPlacementMapping } from './catalog/warm-placement.mapping.ts';
import {
  catalogCommitMarkerMapping,
  commitMarkerMapping,
} from './unit-of-work/commit-marker.mapping.ts';
import { idempotencyKeyMapping } from './unit-of-work/idempotency-key.mapping.ts';
import { outboxEventMapping } from './unit-of-work/outbox-event.mapping.ts';
import { memberMapping } from './work/member.mapping.ts';
import { projectMapping } from './work/project.mapping.ts';
import { taskMapping } from './work/task.mapping.ts';

/** What the schema `catalog` holds. */
export const catalogMappings = [
  tenantMapping,
  placementMapping,
  warmPlacementMapping,
  tenantOperationMapping,
  appliedMigrationMapping,
  migrationFailureMapping,
  backfillProgressMapping,
  heartbeatMapping,
  appliedSeederMapping,
  installationMapping,
  auditEntryMapping,
  catalogCommitMarkerMapping,
];

/** What tenants own. */
export const entityMappings = [memberMapping, projectMapping, taskMapping];

/** What units of work leave beside it. */
const recordMappings = [commitMarkerMapping, idempotencyKeyMapping, outboxEventMapping];

/** What every placement holds. */
export const tenantMappings = [...entityMappings, ...recordMappings];
