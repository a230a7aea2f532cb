import type { Plan } from '@tenantry/domain';
import type { DatabaseConfig, TenantLimits } from '@tenantry/platform';

/** The feature of a tenant that may use as much as there is, whatever its plan. */
const UNLIMITED = 'unlimited';

/** What tenants may use of the database at once, by their plan. */
export class PlanLimits {
  private readonly limits: Readonly<Record<Plan, TenantLimits>>;

  constructor({ tenantLimits }: Pick<DatabaseConfig, 'tenantLimits'>) {
    this.limits = tenantLimits;
  }

  of(plan: Plan, features: Readonly<Record<string, boolean>>): TenantLimits | undefined {
    return features[UNLIMITED] ? undefined : this.limits[plan];
  }
}
