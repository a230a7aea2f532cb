import { type DynamicModule, Module } from '@nestjs/common';
import { PlacementProvisioner, RegisterTenant, UnitOfWork } from '@tenantry/application';
import { PlacementRepository, TenantRepository } from '@tenantry/domain';
import {
  IsolationProver,
  MikroPlacementProvisioner,
  PersistenceModule,
} from '@tenantry/persistence';
import type { MigratorConfig } from '@tenantry/platform';
import { DatabaseSeeder } from '@tenantry/seeding';

/** Puts together what those commands use that work as the app does. */
@Module({})
export class MigratorModule {
  static forRoot(config: MigratorConfig): DynamicModule {
    return {
      module: MigratorModule,
      imports: [PersistenceModule.forRoot(config.database)],
      providers: [
        { provide: PlacementProvisioner, useFactory: () => new MikroPlacementProvisioner(config) },
        {
          provide: RegisterTenant,
          useFactory: (...parts: ConstructorParameters<typeof RegisterTenant>) =>
            new RegisterTenant(...parts),
          inject: [UnitOfWork, TenantRepository, PlacementRepository, PlacementProvisioner],
        },
        DatabaseSeeder,
        IsolationProver,
      ],
    };
  }
}
