import type { Page, PageRequest } from '../page.ts';
import { Repository } from '../repository.ts';
import type { DomainName } from './domain-name.ts';
import type { Slug } from './slug.ts';
import type { Tenant, TenantId } from './tenant.ts';

/** Tenants. Within a tenant's scope it knows only that tenant; all of them only within the operator's scope. */
export abstract class TenantRepository extends Repository<Tenant> {
  /** A deleted tenant's slug is free: it is not found by it. */
  abstract findBySlug(slug: Slug): Promise<Tenant | null>;
  abstract findByDomain(domain: DomainName): Promise<Tenant | null>;

  /** Whether the tenant exists and is served: in no other status than active. */
  abstract isActive(id: TenantId): Promise<boolean>;
  /** All of them, the deleted ones too. */
  abstract page(request: PageRequest<TenantId>): Promise<Page<Tenant>>;
}
