export {
  type ApiConfig,
  type CommonConfig,
  type DatabaseConfig,
  type MigratorConfig,
  readApiConfig,
  readCommonConfig,
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
export { loggingModule, nestLevels } from './logging.ts';
export { observeOperation } from './metrics/database-metrics.ts';
export { countLookup } from './metrics/directory-metrics.ts';
export {
  setMigrationCounts,
  setOutdatedSeeds,
  setWarmPlacements,
} from './metrics/fleet-metrics.ts';
export { observeRequest } from './metrics/http-metrics.ts';
export { countRefusal, expectRefusals } from './metrics/isolation-metrics.ts';
export { countDeliveries, setParkedEvents } from './metrics/outbox-metrics.ts';
export { type PoolCounts, poolMetrics, watchPool } from './metrics/pool-metrics.ts';
export { collectProcessMetrics } from './metrics/process-metrics.ts';
export { METRICS_TYPE, readMetrics } from './metrics/registry.ts';
export { countTenantQuery } from './metrics/tenant-metrics.ts';
export { unitMetrics, type UnitOutcome } from './metrics/unit-of-work-metrics.ts';
export { currentAccount, onAccountOf, RequestAccount } from './request-account.ts';
export { sqlWithoutValues } from './sql-without-values.ts';
export type { TenantTokenConfig, TokenKey } from './tenant-token.ts';
export {
  addSpanEvent,
  currentTraceId,
  describeSpan,
  inSpan,
  isTraced,
  recordClientSpan,
  type RequestSpan,
  startRequestSpan,
} from './tracing.ts';
export type { TracingConfig } from './tracing-config.ts';
