export {
  BaseSeeder,
  type ItemChecksums,
  type SeedCounts,
  type SeedResult,
  type SeedRunProfile,
  type SeedTask,
} from './base.seeder.ts';
export { DatabaseSeeder, UnknownSeeder } from './database.seeder.ts';
export type { SeedEvent, SeedOptions, SeedRehearsal, SeedReport } from './seed-run.ts';
export { SeedFileInvalid } from './export/file-value.ts';
export { readSeedFile } from './export/read-seed-file.ts';
export type { SeedFile } from './export/seed-file.ts';
export { TenantExport } from './export/tenant-export.ts';
export type { ExportOptions } from './export/to-seed-file.ts';
export { KeyedSeeder } from './keyed.seeder.ts';
export { LOAD_SKEWS, LoadImpossible, type LoadOptions, type LoadSkew } from './load/load-plan.ts';
export { LoadSeeders } from './load/load-seeders.ts';
export { MemberSeeder } from './member.seeder.ts';
export { NewTenantSeeding } from './new-tenant.seeding.ts';
export { ProfileSeeders } from './profiles/profile-seeders.ts';
export type { SeedProject, SeedTenant, TenantData } from './profiles/seed-data.ts';
export { ProjectSeeder } from './project.seeder.ts';
export { type ProductionConsent, SeedingRefused } from './seed-guard.ts';
export { type SeederOutcome } from './seeder-application.ts';
export { SeedersUnordered } from './seeder-order.ts';
export { SeedingModule } from './seeding.module.ts';
export { type TenantOutcome } from './tenant-run.ts';
export { TenantSeeder } from './tenant.seeder.ts';
