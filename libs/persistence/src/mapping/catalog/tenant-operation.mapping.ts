import { defineEntity, p } from '@mikro-orm/core';
import {
  type DeletionReport,
  OPERATION_KINDS,
  OPERATION_STATUSES,
  OPERATION_STEPS,
  Tenant,
  TenantOperation,
} from '@tenantry/domain';
import { MikroTenantOperationRepository } from '../../repositories/mikro-tenant-operation.repository.ts';
import { ROLES } from '../../roles.ts';
import { entityProperties } from '../entity-properties.ts';

const [FIRST, ...LATER] = OPERATION_STEPS.provision;

/** What has been requested for tenants: for operators alone. */
export const tenantOperationMapping = defineEntity({
  class: TenantOperation as unknown as new () => TenantOperation,
  schema: 'catalog',
  tableName: 'tenant_operation',
  repository: () => MikroTenantOperationRepository,
  rowLevelSecurity: 'force',
  policies: [
    { name: 'operator', roles: [ROLES.operator], using: 'true', check: 'true' },
    { name: 'reader', command: 'select', roles: [ROLES.reader], using: 'true' },
  ],
  properties: {
    ...entityProperties,
    tenant: () => p.manyToOne(Tenant).eager().deleteRule('cascade').updateRule('no action'),
    kind: p.enum(OPERATION_KINDS),
    // Earlier versions have recorded the making of a role as a step.
    step: p.enum([FIRST, 'role', ...LATER, ...OPERATION_STEPS.delete]).nullable(),
    status: p.enum(OPERATION_STATUSES),
    attempts: p.integer(),
    error: p.text().nullable(),
    dueAt: p.datetime().nullable(),
    report: p.json<DeletionReport>(),
  },
  uniques: [
    // One at a time for each tenant, however many requests there are at once.
    { name: 'tenant_operation_open_key', properties: 'tenant', where: `"status" <> 'done'` },
  ],
  indexes: [{ name: 'tenant_operation_tenant_idx', properties: ['tenant', 'id'] }],
});
