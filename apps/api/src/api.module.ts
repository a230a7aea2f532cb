import { type DynamicModule, Module } from '@nestjs/common';
import { HealthModule } from '@tenantry/health';
import { PersistenceModule } from '@tenantry/persistence';
import { type ApiConfig, loggingModule } from '@tenantry/platform';
import { HealthController } from './health/health.controller.ts';
import { TenancyModule } from './tenancy/tenancy.module.ts';
import { WorkModule } from './work/work.module.ts';

@Module({})
export class ApiModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        loggingModule(config),
        PersistenceModule.forRoot(config.database),
        HealthModule,
        TenancyModule.forRoot(config),
        WorkModule,
      ],
      controllers: [HealthController],
    };
  }
}
