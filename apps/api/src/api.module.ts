import { type DynamicModule, Module } from '@nestjs/common';
import { HealthModule, Readiness } from '@tenantry/health';
import {
  ConnectionBudget,
  Heartbeat,
  OutboxModule,
  PersistenceModule,
  TenantContext,
  TransactionalService,
} from '@tenantry/persistence';
import { type ApiConfig, loggingModule } from '@tenantry/platform';
import { HealthController } from './health/health.controller.ts';
import { Draining } from './shutdown/draining.ts';
import { ObservabilityModule } from './observability/observability.module.ts';
import { OPERATOR_TOKEN } from './health/operator-guard.ts';
import { TenancyModule } from './tenancy/tenancy.module.ts';
import { EventLog } from './work/event-log.ts';
import { WorkModule } from './work/work.module.ts';

/** Who is told of what has happened. */
const handlers = {
  useFactory: (context: TenantContext) => [new EventLog(() => context.current().slug)],
  inject: [TenantContext],
};

@Module({})
export class ApiModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        loggingModule(config),
        PersistenceModule.forRoot(config.database),
        ObservabilityModule.forRoot(config),
        HealthModule.forRoot(config),
        TenancyModule.forRoot(config),
        WorkModule,
        ...(config.relaysEvents ? [OutboxModule.forRoot({ handlers })] : []),
      ],
      providers: [
        Heartbeat,
        { provide: OPERATOR_TOKEN, useValue: config.operatorToken },
        {
          provide: ConnectionBudget,
          useFactory: (context: TenantContext, transactional: TransactionalService) =>
            new ConnectionBudget(config.database, context, transactional),
          inject: [TenantContext, TransactionalService],
        },
        {
          provide: Draining,
          useFactory: (readiness: Readiness) => new Draining(readiness, config.shutdown.delayMs),
          inject: [Readiness],
        },
      ],
      controllers: [HealthController],
    };
  }
}
