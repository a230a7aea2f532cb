export {
  type ApiConfig,
  type CommonConfig,
  type DatabaseConfig,
  type MigratorConfig,
  readApiConfig,
  readMigratorConfig,
  readMintConfig,
  SEED_PROFILES,
  type SeedProfile,
  TENANT_RESOLVERS,
  type TenantLimits,
  type TenantResolverName,
  VARIABLES,
} from './config.ts';
export { type Environment, InvalidEnvironment } from './environment.ts';
export { errorWithoutValues } from './error-without-values.ts';
export { loggingModule } from './logging.ts';
export type { TenantTokenConfig, TokenKey } from './tenant-token.ts';
