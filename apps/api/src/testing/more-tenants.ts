import { UnitOfWork } from '@tenantry/application';
import { domainName, PlacementRepository, slug, Tenant, TenantRepository } from '@tenantry/domain';
import { TenantContext } from '@tenantry/persistence';
import type { Api } from './api-harness.ts';

/** A tenant with a domain of its own that is `active`, or another one in `provisioning`. */
export function addTenant(
  { api }: Api,
  name: string,
  status: 'active' | 'provisioning',
): Promise<Tenant> {
  return api.get(TenantContext).runAsOperator('test', () =>
    api.get(UnitOfWork).run(async () => {
      const placement = await api.get(PlacementRepository).getShared();
      const domain = domainName(`${name}.example`);
      const tenant = new Tenant({ slug: slug(name), name, domain, placement });
      if (status === 'active') {
        tenant.activate();
      }
      api.get(TenantRepository).add(tenant);
      return tenant;
    }),
  );
}

/** Suspends the tenant; the directory may take a second to know. */
export function suspend({ api }: Api, { id }: Tenant): Promise<void> {
  return api.get(TenantContext).runAsOperator('test', () =>
    api.get(UnitOfWork).run(async () => {
      (await api.get(TenantRepository).getOrFail(id)).suspend();
    }),
  );
}
