import type { Page, PageRequest } from '../page.ts';
import { Repository } from '../repository.ts';
import type { DomainName } from './domain-name.ts';
import type { Slug } from './slug.ts';
import type { Tenant, TenantId } from './tenant.ts';

/** Tenants. Within a tenant's scope it knows only that tenant; all of them only within the operator's scope. */
export abstract class TenantRepository extends Repository<Tenant> {
  abstract findBySlug(slug: Slug): Promise<Tenant | null>;
  abstract findByDomain(domain: DomainName): Promise<Tenant | null>;

  /** Whether the tenant exists and is served: neither in provisioning nor suspended. */
  abstract isActive(id: TenantId): Promise<boolean>;
  abstract page(request: PageRequest<TenantId>): Promise<Page<Tenant>>;
}
