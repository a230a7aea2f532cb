import { defineEntity, p } from '@mikro-orm/core';
import {
  Placement,
  PLANS,
  Tenant,
  TENANT_STATUSES,
  type TenantConfiguration,
} from '@tenantry/domain';
import { MikroTenantRepository } from '../../repositories/mikro-tenant.repository.ts';
import { ROLES } from '../../roles.ts';
import { TENANT_SETTING } from '../../tenant-context/scope.ts';
import { entityProperties } from '../entity-properties.ts';
import { TENANT_FILTER, type TenantParameter } from '../tenant-owned.ts';

/** A tenant owns its own row: within its scope there is no other, for an operator there are all. */
export const tenantMapping = defineEntity({
  class: Tenant,
  schema: 'catalog',
  tableName: 'tenant',
  repository: () => MikroTenantRepository,
  rowLevelSecurity: 'force',
  policies: [
    {
      name: 'tenant_itself',
      command: 'select',
      roles: [ROLES.tenant],
      using: `id = current_setting('${TENANT_SETTING}')::uuid`,
    },
    { name: 'operator', roles: [ROLES.operator], using: 'true', check: 'true' },
    { name: 'reader', command: 'select', roles: [ROLES.reader], using: 'true' },
  ],
  filters: {
    [TENANT_FILTER]: {
      name: TENANT_FILTER,
      args: false,
      default: true,
      cond: (parameter?: TenantParameter) => (parameter ? { id: parameter.tenantId } : {}),
    },
  },
  properties: {
    ...entityProperties,
    slug: p.text(),
    name: p.text(),
    domain: p.text().nullable(),
    status: p.enum(TENANT_STATUSES),
    plan: p.enum(PLANS),
    features: p.json<Record<string, boolean>>(),
    configuration: p.json<TenantConfiguration>(),
    placement: () =>
      p.manyToOne(Placement).nullable().eager().deleteRule('no action').updateRule('no action'),
  },
  // What a deleted tenant was called by is free again.
  uniques: [
    { name: 'tenant_slug_key', properties: 'slug', where: `"status" <> 'deleted'` },
    { name: 'tenant_domain_key', properties: 'domain', where: `"status" <> 'deleted'` },
  ],
});
