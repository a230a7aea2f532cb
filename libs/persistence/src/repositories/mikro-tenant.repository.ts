import type {
  DomainName,
  Page,
  PageRequest,
  Slug,
  Tenant,
  TenantId,
  TenantRepository,
} from '@tenantry/domain';
import { BaseRepository } from './base.repository.ts';

/** Not a `TenantAwareRepository`: a tenant is not owned by one, it is one. The mapping filters it to itself. */
export class MikroTenantRepository extends BaseRepository<Tenant> implements TenantRepository {
  findBySlug(slug: Slug): Promise<Tenant | null> {
    return this.findOne({ slug, status: { $ne: 'deleted' } });
  }

  findByDomain(domain: DomainName): Promise<Tenant | null> {
    return this.findOne({ domain });
  }

  async isActive(id: TenantId): Promise<boolean> {
    return (await this.count({ id, status: 'active' })) > 0;
  }

  page(request: PageRequest<TenantId>): Promise<Page<Tenant>> {
    return this.keysetPage({}, request);
  }
}
