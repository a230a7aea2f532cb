import { type DynamicModule, Global, Module, type Provider, type Type } from '@nestjs/common';
import type { BaseSeeder } from './base.seeder.ts';
import { DatabaseSeeder } from './database.seeder.ts';
import { LoadSeeders } from './load/load-seeders.ts';
import { TenantExport } from './export/tenant-export.ts';
import { NewTenantSeeding } from './new-tenant.seeding.ts';
import { ProfileSeeders } from './profiles/profile-seeders.ts';
import { SeedGuard } from './seed-guard.ts';
import { SeederApplication } from './seeder-application.ts';
import { Seeders } from './seeders.ts';

/** Seeding, beside persistence's modules. */
@Global()
@Module({})
export class SeedingModule {
  /** @param seeders an installation's own, beside those that come along */
  static forRoot(seeders: readonly Type<BaseSeeder>[] = []): DynamicModule {
    const providers: Provider[] = [
      ...seeders,
      ProfileSeeders,
      LoadSeeders,
      {
        provide: Seeders,
        useFactory: (profiles: ProfileSeeders, ...own: BaseSeeder[]) =>
          new Seeders([...profiles.all, ...own]),
        inject: [ProfileSeeders, ...seeders],
      },
      SeedGuard,
      SeederApplication,
      NewTenantSeeding,
      DatabaseSeeder,
      TenantExport,
    ];
    return {
      module: SeedingModule,
      providers,
      exports: [
        DatabaseSeeder,
        LoadSeeders,
        ProfileSeeders,
        TenantExport,
        // For the seeding of new tenants, which is made in another module.
        SeederApplication,
        Seeders,
      ],
    };
  }
}
