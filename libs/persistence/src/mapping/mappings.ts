import { appliedMigrationMapping } from './catalog/applied-migration.mapping.ts';
import { auditEntryMapping } from './catalog/audit-entry.mapping.ts';
import { placementMapping } from './catalog/placement.mapping.ts';
import { tenantOperationMapping } from './catalog/tenant-operation.mapping.ts';
import { tenantMapping } from './catalog/tenant.mapping.ts';
import { memberMapping } from './work/member.mapping.ts';
import { projectMapping } from './work/project.mapping.ts';
import { taskMapping } from './work/task.mapping.ts';

/** What the schema `catalog` holds. */
export const catalogMappings = [
  tenantMapping,
  placementMapping,
  tenantOperationMapping,
  appliedMigrationMapping,
  auditEntryMapping,
];

/** What every placement holds. */
export const tenantMappings = [memberMapping, projectMapping, taskMapping];
