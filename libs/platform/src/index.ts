export {
  type ApiConfig,
  type CommonConfig,
  type DatabaseConfig,
  type MigratorConfig,
  readApiConfig,
  readMigratorConfig,
  SEED_PROFILES,
  type SeedProfile,
  TENANT_RESOLVERS,
  type TenantResolverName,
} from './config.ts';
export { type Environment, InvalidEnvironment } from './environment.ts';
export { loggingModule } from './logging.ts';
