import { BaseEntity, change } from '../base-entity.ts';
import { InvalidValue, RuleViolation } from '../domain-error.ts';
import { type Id, newId } from '../id.ts';
import { text } from '../text.ts';
import type { DomainName } from './domain-name.ts';
import type { Isolation, Placement } from './placement.ts';
import type { Slug } from './slug.ts';

export type TenantId = Id<'Tenant'>;

/** provisioning → active ⇄ suspended → archived → deleted; one that never became active may be deleted at once. */
export const TENANT_STATUSES = [
  'provisioning',
  'active',
  'suspended',
  'archived',
  'deleted',
] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];

export const PLANS = ['free', 'team', 'enterprise'] as const;
export type Plan = (typeof PLANS)[number];

/** What a tenant has chosen for itself. */
export interface TenantConfiguration {
  /** BCP 47, such as `en` or `de-AT`. */
  readonly locale?: string;
  /** IANA name, such as `Europe/Vienna`. */
  readonly timeZone?: string;
}

export interface NewTenant {
  readonly id?: TenantId;
  readonly slug: Slug;
  readonly name: string;
  readonly domain?: DomainName | null | undefined;
  readonly plan?: Plan | undefined;
  readonly features?: Readonly<Record<string, boolean>>;
  readonly configuration?: TenantConfiguration;
  readonly placement: Placement;
}

/** A customer organisation. It owns everything that is stored on its behalf, and its own row in the catalog. */
export class Tenant extends BaseEntity<TenantId> {
  readonly slug: Slug;
  readonly name: string;
  readonly domain: DomainName | null;
  readonly status: TenantStatus = 'provisioning';
  readonly plan: Plan;
  readonly features: Readonly<Record<string, boolean>>;
  readonly configuration: TenantConfiguration;
  /** `null` once it has been taken away: a deleted tenant is nowhere. */
  readonly placement: Placement | null;

  /** @throws {InvalidValue} when the name is empty or longer than 200 characters */
  constructor(tenant: NewTenant) {
    super(tenant.id ?? newId());
    this.slug = tenant.slug;
    this.name = text('tenant name', tenant.name, 200);
    this.domain = tenant.domain ?? null;
    this.plan = tenant.plan ?? 'free';
    this.features = tenant.features ?? {};
    this.configuration = checked(tenant.configuration ?? {});
    this.placement = tenant.placement;
  }

  /** Its placement is ready: from now on it is served. */
  activate(): void {
    this.mustBe('provisioning');
    change<Tenant>(this, { status: 'active' });
  }

  /** It is no longer served; nothing of it is touched. */
  suspend(): void {
    this.mustBe('active');
    change<Tenant>(this, { status: 'suspended' });
  }

  resume(): void {
    this.mustBe('suspended');
    change<Tenant>(this, { status: 'active' });
  }

  /** It is not coming back; until it is deleted, nothing of it is touched. */
  archive(): void {
    this.mustBe('suspended');
    change<Tenant>(this, { status: 'archived' });
  }

  /** @throws {RuleViolation} unless it is archived */
  mustBeArchived(): void {
    this.mustBe('archived');
  }

  /** @throws {RuleViolation} when it has been active and is not archived */
  mustBeDispensable(): void {
    this.mustBe('archived', 'provisioning');
  }

  /** Everything that it owned is gone. Its row stays behind, so that its id is never anybody else's, and says nothing. */
  erase(): void {
    this.mustBeDispensable();
    change<Tenant>(this, {
      status: 'deleted',
      name: 'deleted',
      domain: null,
      features: {},
      configuration: {},
      placement: null,
    });
  }

  /** Whether it is what was asked for: then asking again makes no second one. */
  isAsRequested(request: Omit<NewTenant, 'id' | 'placement'>, isolation: Isolation): boolean {
    return (
      this.placement?.isolation === isolation &&
      this.slug === request.slug &&
      this.name === request.name.trim() &&
      this.domain === (request.domain ?? null) &&
      this.plan === (request.plan ?? 'free')
    );
  }

  private mustBe(...allowed: readonly TenantStatus[]): void {
    if (!allowed.includes(this.status)) {
      throw new RuleViolation(
        'tenant-status',
        `Tenant ${this.slug} is ${this.status}; it would have to be ${allowed.join(' or ')}.`,
      );
    }
  }
}

function checked(configuration: TenantConfiguration): TenantConfiguration {
  const { locale, timeZone } = configuration;
  try {
    new Intl.DateTimeFormat(locale, { timeZone });
  } catch {
    throw new InvalidValue('tenant configuration', 'must name a known locale and time zone');
  }
  return configuration;
}
