import type { RegisterTenantInput } from '@tenantry/application';
import {
  domainName,
  type Isolation,
  type PlacementId,
  PLANS,
  type Slug,
  type TenantConfiguration,
} from '@tenantry/domain';
import { textOf } from './edge-cases.ts';
import { factoryId } from './factory-id.ts';
import { oneOf, scatter } from './scatter.ts';
import type { Wording } from './wording.ts';

const LONGEST_NAME = 200;
const CONFIGURATIONS: readonly TenantConfiguration[] = [
  {},
  { locale: 'en-US', timeZone: 'America/Los_Angeles' },
  { locale: 'de-AT', timeZone: 'Europe/Vienna' },
  { locale: 'ja-JP', timeZone: 'Asia/Tokyo' },
  { locale: 'ar-EG', timeZone: 'Africa/Cairo' },
];

/** What a tenant is to be called by, and where it is to be. */
export interface TenantPlace {
  readonly slug: Slug;
  readonly isolation: Isolation;
}

/** Registrations of tenants; a tenth of them has a domain of its own. */
export class TenantFactory {
  constructor(
    private readonly seed: number,
    private readonly wording: Wording,
  ) {}

  registration(index: number, { slug, isolation }: TenantPlace): RegisterTenantInput {
    const chance = scatter(this.seed, index);
    return {
      id: factoryId('tenant', this.seed, index),
      slug,
      name: textOf(index, LONGEST_NAME, () => this.wording.companyName(chance)),
      plan: oneOf(PLANS, index),
      features: index % 2 === 0 ? {} : { search: chance % 2 === 0 },
      configuration: oneOf(CONFIGURATIONS, index),
      ...(index % 10 === 9 && { domain: domainName(`projects.${slug}.example`) }),
      isolation,
      ...(isolation === 'schema' && { placementId: this.placementId(index) }),
    };
  }

  /** Of the placement that a tenant has for itself. */
  placementId(index: number): PlacementId {
    return factoryId('placement', this.seed, index);
  }
}
