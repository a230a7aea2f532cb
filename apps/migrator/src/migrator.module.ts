import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import {
  ArchiveTenant,
  CarryOutOperations,
  DeleteTenant,
  OrphanedPlacements,
  ReadTenants,
  RepairTenants,
  ResumeTenant,
  SuspendTenant,
  UnitOfWork,
} from '@tenantry/application';
import { TenantOperationRepository, TenantRepository } from '@tenantry/domain';
import {
  Heartbeat,
  IsolationProver,
  PersistenceModule,
  ProvisioningModule,
} from '@tenantry/persistence';
import type { MigratorConfig } from '@tenantry/platform';
import { NewTenantSeeding, SeedingModule } from '@tenantry/seeding';

/** Puts together what those commands use that work as the app does, and the provisioner. */
@Module({})
export class MigratorModule {
  static forRoot(config: MigratorConfig): DynamicModule {
    return {
      module: MigratorModule,
      imports: [
        PersistenceModule.forRoot(config.database),
        ProvisioningModule.forRoot(config, NewTenantSeeding),
        SeedingModule.forRoot(),
      ],
      providers: [
        useCase(ArchiveTenant, UnitOfWork, TenantRepository),
        useCase(DeleteTenant, UnitOfWork, TenantRepository, TenantOperationRepository),
        useCase(ReadTenants, UnitOfWork, TenantRepository, TenantOperationRepository),
        useCase(ResumeTenant, UnitOfWork, TenantRepository),
        useCase(SuspendTenant, UnitOfWork, TenantRepository),
        useCase(
          RepairTenants,
          UnitOfWork,
          TenantRepository,
          TenantOperationRepository,
          CarryOutOperations,
          OrphanedPlacements,
        ),
        Heartbeat,
        IsolationProver,
      ],
    };
  }
}

/** Provides a use case, which knows nothing of Nest, with the ports that its constructor takes. */
function useCase<Result, Parts extends readonly unknown[]>(
  provide: new (...parts: Parts) => Result,
  ...inject: { [Index in keyof Parts]: abstract new (...parts: never[]) => Parts[Index] }
): FactoryProvider<Result> {
  return { provide, useFactory: (...parts: Parts) => new provide(...parts), inject: [...inject] };
}
