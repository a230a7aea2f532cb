import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type HealthCheckAttempt, HealthIndicatorService } from '@nestjs/terminus';
import { SHARED_SCHEMA } from '@tenantry/domain';
import { CATALOG, isInRange, readFleetStatus, TenantContext } from '@tenantry/persistence';
import { DEADLINE_MS, FRESH_FOR_MS } from './limits.ts';

/** What all tenants depend on. A dedicated placement that lags behind is no reason to serve nobody. */
const REQUIRED = [CATALOG.name, SHARED_SCHEMA];

/** Whether the migrations that this build expects have been applied. More expands are fine: a newer build comes next. */
@Injectable()
export class MigrationsIndicator {
  constructor(
    private readonly health: HealthIndicatorService,
    private readonly context: TenantContext,
    private readonly entityManager: EntityManager,
  ) {}

  check(): HealthCheckAttempt {
    return this.health
      .check('migrations')
      .attempt(() => this.mustBeApplied())
      .withTimeout(DEADLINE_MS)
      .cacheFor(FRESH_FOR_MS);
  }

  private async mustBeApplied(): Promise<void> {
    const targets = await this.context.runAsReader(() => readFleetStatus(this.entityManager));
    for (const name of REQUIRED) {
      const target = targets.find((each) => each.name === name);
      if (!target || !isInRange(target)) {
        throw new Error(
          target && target.contracted.length > 0
            ? `${name} is ahead of what this build can serve: ${target.contracted.join(', ')}`
            : `${name} lacks migrations`,
        );
      }
    }
  }
}
