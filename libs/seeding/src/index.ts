export { BaseSeeder } from './base.seeder.ts';
export {
  DatabaseSeeder,
  SeedingRefused,
  type SeedOptions,
  type SeedOutcome,
} from './database.seeder.ts';
export { MemberSeeder } from './member.seeder.ts';
export { OwnedDataSeeder } from './owned-data.seeder.ts';
export type { ProfileData, SeedProject, SeedTask, TenantData } from './profiles/seed-data.ts';
export { ProjectSeeder } from './project.seeder.ts';
export { TenantSeeder } from './tenant.seeder.ts';
