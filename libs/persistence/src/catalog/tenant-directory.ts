import { Injectable } from '@nestjs/common';
import {
  type DomainName,
  type Slug,
  type Tenant,
  type TenantId,
  TenantRepository,
  type TenantStatus,
} from '@tenantry/domain';
import { placed, type PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';
import { TransactionalService } from '../unit-of-work/transactional.service.ts';

/** What a tenant can be called by. */
export type TenantName =
  { readonly slug: Slug } | { readonly domain: DomainName } | { readonly id: TenantId };

export interface DirectoryEntry extends PlacedTenant {
  readonly status: TenantStatus;
}

/** How long an answer is given again. A tenant that is suspended is refused no later than this. */
const FRESH_FOR_MS = 1_000;
/** When there are more names than this, all are forgotten: a caller who makes names up cannot fill the memory. */
const MOST = 10_000;

/** Finds tenants by their names, for every request: from memory where the answer is fresh, else from the catalog. */
@Injectable()
export class TenantDirectory {
  private readonly answers = new Map<
    string,
    { until: number; entry: Promise<DirectoryEntry | null> }
  >();

  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
    private readonly tenants: TenantRepository,
  ) {}

  /** The tenant of that name in whatever status but deleted, or `null`. */
  find(name: TenantName): Promise<DirectoryEntry | null> {
    const key = JSON.stringify(name);
    const known = this.answers.get(key);
    if (known && known.until > Date.now()) {
      return known.entry;
    }
    if (this.answers.size >= MOST) {
      this.answers.clear();
    }
    const entry = this.read(name);
    this.answers.set(key, { until: Date.now() + FRESH_FOR_MS, entry });
    // An error is no answer: whoever asks next tries again.
    entry.catch(() => this.answers.delete(key));
    return entry;
  }

  private read(name: TenantName): Promise<DirectoryEntry | null> {
    return this.context.runAsOperator('find the tenant of a request', () =>
      this.transactional.run(
        async () => {
          const tenant = await this.lookUp(name);
          return tenant?.placement ? { ...placed(tenant), status: tenant.status } : null;
        },
        { readOnly: true },
      ),
    );
  }

  private lookUp(name: TenantName): Promise<Tenant | null> {
    if ('slug' in name) {
      return this.tenants.findBySlug(name.slug);
    }
    return 'domain' in name
      ? this.tenants.findByDomain(name.domain)
      : this.tenants.findById(name.id);
  }
}
