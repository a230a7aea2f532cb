import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  CarryOutOperations,
  OperationClaims,
  OperationSteps,
  OrphanedPlacements,
  PlacementProvisioner,
  ReferenceSeeding,
  RegisterTenant,
  TenantEraser,
  UnitOfWork,
} from '@tenantry/application';
import { PlacementRepository, TenantOperationRepository, TenantRepository } from '@tenantry/domain';
import type { MigratorConfig } from '@tenantry/platform';
import { connect } from '../connection/connect.ts';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { FleetMigrator } from '../migrations/fleet-migrator.ts';
import { explanationOf } from '../unit-of-work/explanation.ts';
import { Housekeeper } from './housekeeper.ts';
import { MikroOperationClaims } from './mikro-operation-claims.ts';
import { MikroOrphanedPlacements } from './mikro-orphaned-placements.ts';
import { MikroPlacementProvisioner } from './mikro-placement-provisioner.ts';
import { MikroTenantEraser } from './mikro-tenant-eraser.ts';
import { OwnerOrm } from './owner-orm.provider.ts';
import { RunLocks } from './run-locks.ts';
import { WarmPlacements } from './warm-placements.ts';

/** An operation takes two; cleaning and the warm pool go on beside it. */
const CONNECTIONS = 4;

/**
 * What makes and deletes tenants, beside the {@link PersistenceModule}. It has the owner's connection, so it is never a
 * part of the API.
 */
@Global()
@Module({})
export class ProvisioningModule implements OnApplicationShutdown {
  constructor(private readonly owner: OwnerOrm) {}

  /** @param seeding gives a new tenant what every tenant has */
  static forRoot(config: MigratorConfig, seeding: Type<ReferenceSeeding>): DynamicModule {
    const providers: Provider[] = [
      { provide: OwnerOrm, useFactory: () => connected(config) },
      ...asOwner(config),
      {
        provide: Housekeeper,
        useFactory: ({ orm }: OwnerOrm) => new Housekeeper(orm),
        inject: [OwnerOrm],
      },
      {
        provide: RunLocks,
        useFactory: (owner: OwnerOrm) => new RunLocks(owner),
        inject: [OwnerOrm],
      },
      { provide: ReferenceSeeding, useClass: seeding },
      {
        provide: OperationSteps,
        useFactory: (...ports: ConstructorParameters<typeof OperationSteps>) =>
          new OperationSteps(...ports),
        inject: [PlacementProvisioner, ReferenceSeeding, TenantEraser],
      },
      {
        provide: CarryOutOperations,
        useFactory: (
          unitOfWork: UnitOfWork,
          operations: TenantOperationRepository,
          claims: OperationClaims,
          steps: OperationSteps,
        ) => new CarryOutOperations(unitOfWork, operations, claims, steps, explanationOf),
        inject: [UnitOfWork, TenantOperationRepository, OperationClaims, OperationSteps],
      },
      {
        provide: RegisterTenant,
        useFactory: (...ports: ConstructorParameters<typeof RegisterTenant>) =>
          new RegisterTenant(...ports),
        inject: [UnitOfWork, TenantRepository, PlacementRepository, TenantOperationRepository],
      },
    ];
    return {
      module: ProvisioningModule,
      providers,
      exports: [
        CarryOutOperations,
        Housekeeper,
        OrphanedPlacements,
        ReferenceSeeding,
        RegisterTenant,
        RunLocks,
        WarmPlacements,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.owner.orm.close();
  }
}

/** The adapters that use the owner's connection. */
function asOwner({ database }: MigratorConfig): Provider[] {
  const inject = [OwnerOrm];
  return [
    {
      provide: OperationClaims,
      useFactory: ({ orm }: OwnerOrm) => new MikroOperationClaims(orm),
      inject,
    },
    {
      provide: OrphanedPlacements,
      useFactory: ({ orm }: OwnerOrm) => new MikroOrphanedPlacements(orm),
      inject,
    },
    {
      provide: FleetMigrator,
      useFactory: ({ orm }: OwnerOrm) => new FleetMigrator(orm, database),
      inject,
    },
    {
      provide: WarmPlacements,
      useFactory: ({ orm }: OwnerOrm, fleet: FleetMigrator) => new WarmPlacements(orm, fleet),
      inject: [OwnerOrm, FleetMigrator],
    },
    {
      provide: PlacementProvisioner,
      useFactory: (fleet: FleetMigrator, warm: WarmPlacements) =>
        new MikroPlacementProvisioner(fleet, warm),
      inject: [FleetMigrator, WarmPlacements],
    },
    {
      provide: TenantEraser,
      useFactory: ({ orm }: OwnerOrm) => new MikroTenantEraser(orm, loginOf(database.url)),
      inject,
    },
  ];
}

function loginOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

async function connected({ ownerUrl, database }: MigratorConfig): Promise<OwnerOrm> {
  const orm = createOwnerOrm(ownerUrl, database, CONNECTIONS);
  await connect(orm, ownerUrl, database.connectRetries);
  return new OwnerOrm(orm);
}
