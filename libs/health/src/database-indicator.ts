import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type HealthCheckAttempt, HealthIndicatorService } from '@nestjs/terminus';
import { TenantContext } from '@tenantry/persistence';
import { DEADLINE_MS, FRESH_FOR_MS } from './limits.ts';

/** Whether the database answers in time, and can be written to. */
@Injectable()
export class DatabaseIndicator {
  constructor(
    private readonly health: HealthIndicatorService,
    private readonly context: TenantContext,
    private readonly entityManager: EntityManager,
  ) {}

  check(): HealthCheckAttempt {
    return this.health
      .check('database')
      .attempt(() => this.mustBeWritable())
      .withTimeout(DEADLINE_MS)
      .cacheFor(FRESH_FOR_MS);
  }

  private async mustBeWritable(): Promise<void> {
    const [server] = await this.context.runAsReader(() =>
      this.entityManager.execute<{ recovering: boolean; readOnly: boolean }[]>(
        `select pg_is_in_recovery() as "recovering",
           current_setting('transaction_read_only')::boolean as "readOnly"`,
      ),
    );
    if (server?.recovering || server?.readOnly) {
      throw new Error(server.recovering ? 'the server is in recovery' : 'the server is read-only');
    }
  }
}
