import { type DynamicModule, Module } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  ArchiveTenant,
  DeleteTenant,
  ReadTenants,
  RegisterTenant,
  ResumeTenant,
  SuspendTenant,
  UnitOfWork,
} from '@tenantry/application';
import { PlacementRepository, TenantOperationRepository, TenantRepository } from '@tenantry/domain';
import { TenantContext, TenantDirectory } from '@tenantry/persistence';
import type { ApiConfig } from '@tenantry/platform';
import { PinoLogger } from 'nestjs-pino';
import { useCase } from '../use-case.ts';
import { ScopeInterceptor } from './scope.interceptor.ts';
import { TenantResolution } from './tenant-resolution.ts';
import { tenantResolvers } from './tenant-resolvers.ts';
import { TenantsController } from './tenants.controller.ts';

@Module({})
export class TenancyModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: TenancyModule,
      controllers: [TenantsController],
      providers: [
        useCase(ArchiveTenant, UnitOfWork, TenantRepository),
        useCase(DeleteTenant, UnitOfWork, TenantRepository, TenantOperationRepository),
        useCase(ReadTenants, UnitOfWork, TenantRepository, TenantOperationRepository),
        useCase(
          RegisterTenant,
          UnitOfWork,
          TenantRepository,
          PlacementRepository,
          TenantOperationRepository,
        ),
        useCase(ResumeTenant, UnitOfWork, TenantRepository),
        useCase(SuspendTenant, UnitOfWork, TenantRepository),
        {
          provide: ScopeInterceptor,
          useFactory: (
            reflector: Reflector,
            directory: TenantDirectory,
            context: TenantContext,
            logger: PinoLogger,
          ) =>
            new ScopeInterceptor(
              reflector,
              new TenantResolution(tenantResolvers(config), directory),
              context,
              logger,
              config.operatorToken,
            ),
          inject: [Reflector, TenantDirectory, TenantContext, PinoLogger],
        },
      ],
    };
  }
}
