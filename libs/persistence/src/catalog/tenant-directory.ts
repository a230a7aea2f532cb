import { Injectable } from '@nestjs/common';
import type { DomainName, Plan, Slug, TenantId, TenantStatus } from '@tenantry/domain';
import { countLookup } from '@tenantry/platform';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { PlanLimits } from './plan-limits.ts';
import { IS_IN_RANGE, SchemaRange } from './schema-range.ts';
import { RowReader } from '../queries/row-reader.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';

/** What a tenant can be called by. */
export type TenantName =
  { readonly slug: Slug } | { readonly domain: DomainName } | { readonly id: TenantId };

export interface DirectoryEntry extends PlacedTenant {
  readonly status: TenantStatus;
  /** Whether this build can serve what is in the tenant's placement, which a migration may not have reached, or gone past. */
  readonly isInRange: boolean;
}

/** What the catalog has of a tenant. */
interface Row extends DirectoryEntry {
  readonly plan: Plan;
  readonly features: Readonly<Record<string, boolean>>;
}

const COLUMNS = { slug: 't.slug', domain: 't.domain', id: 't.id' } as const;

/** How long an answer is given again. A tenant that is suspended is refused no later than this. */
export const KNOWN_FOR_MS = 1_000;
/** When there are more names than this the oldest is forgotten: a caller who makes names up cannot fill the memory. */
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
    private readonly reader: RowReader,
    private readonly range: SchemaRange,
    private readonly plans: PlanLimits,
  ) {}

  /** The tenant of that name in whatever status but deleted, or `null`. */
  find(name: TenantName): Promise<DirectoryEntry | null> {
    const key = JSON.stringify(name);
    const known = this.answers.get(key);
    if (known && known.until > Date.now()) {
      countLookup('hit', this.answers.size);
      return known.entry;
    }
    if (this.answers.size >= MOST) {
      this.forgetOldest();
    }
    const entry = this.read(name);
    this.answers.set(key, { until: Date.now() + KNOWN_FOR_MS, entry });
    countLookup('miss', this.answers.size);
    // An error is no answer: whoever asks next tries again.
    entry.catch(() => this.answers.delete(key));
    return entry;
  }

  private forgetOldest(): void {
    for (const oldest of this.answers.keys()) {
      this.answers.delete(oldest);
      return;
    }
  }

  /** By one plain query: to make entities of what is found would tell by the time it takes that there is something. */
  private async read(name: TenantName): Promise<DirectoryEntry | null> {
    const [[key, value]] = Object.entries(name) as [[keyof typeof COLUMNS, string]];
    const [row] = await this.context.runAsReader(() =>
      this.reader.rows<Row>(
        `select t.id, t.slug, t.status, t.plan, t.features, p.schema_name as schema, ${IS_IN_RANGE} as "isInRange"
         from tenant t join placement p on p.id = t.placement_id
         where ${COLUMNS[key]} = ? and t.status <> 'deleted'`,
        [...this.range.parameters, value],
      ),
    );
    if (!row) {
      return null;
    }
    const { plan, features, ...entry } = row;
    return { ...entry, limits: this.plans.of(plan, features) };
  }
}
