import { type EntityManager, p } from '@mikro-orm/core';
import { TENANT_SETTING } from '../tenant-context/scope.ts';
import { TenantContextMissing } from '../tenant-context/isolation-violation.ts';
import { entityProperties } from './entity-properties.ts';

/** The filter that puts the tenant into the SQL of every query; a scope gives its parameter. */
export const TENANT_FILTER = 'tenant';

/** The filter's parameter, and the condition that it makes. */
export interface TenantParameter {
  readonly tenantId: string;
}

/** The condition of every policy. Strict on purpose: outside of a scope it is an error, and never an empty result. */
export const OWN_ROWS = `tenant_id = current_setting('${TENANT_SETTING}')::uuid`;

/** What the mapping of every tenant-owned class has: the same table in each placement, under row security. */
export const tenantOwned = {
  schema: '*',
  rowLevelSecurity: 'force' as const,
  policies: [{ name: 'tenant_isolation', using: OWN_ROWS, check: OWN_ROWS }],
  filters: {
    [TENANT_FILTER]: {
      name: TENANT_FILTER,
      args: false,
      default: true,
      cond: (parameter?: TenantParameter): TenantParameter => {
        if (!parameter) {
          throw new TenantContextMissing();
        }
        return { tenantId: parameter.tenantId };
      },
    },
  },
};

/** The primary key of every tenant-owned table. No class knows anything of `tenantId`: the scope gives it. */
export const tenantOwnedKey = {
  tenantId: p
    .uuid()
    .primary()
    .hidden()
    .onCreate((_entity, entityManager) => tenantOf(entityManager)),
  id: entityProperties.id,
};

/** The properties that every tenant-owned class has. */
export const tenantOwnedProperties = { ...tenantOwnedKey, ...entityProperties };

/** @throws {TenantContextMissing} when the entity manager is not a tenant's */
export function tenantOf(entityManager: EntityManager): string {
  const parameter = entityManager.getFilterParams<TenantParameter>(TENANT_FILTER);
  // Typed as if it were always there, which it is not in the operator's scope.
  if (!(parameter as TenantParameter | undefined)) {
    throw new TenantContextMissing();
  }
  return parameter.tenantId;
}

/** Names properties for an index, among them those that the class itself knows nothing of, as its type has it. */
export function on(...properties: readonly string[]): never[] {
  return properties as never[];
}
