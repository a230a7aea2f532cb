export { Heartbeat } from './catalog/heartbeat.ts';
export { type InstallationState, readInstallation } from './catalog/installation.ts';
export { type AppliedSeeder, type SeededTarget, SeedLedger } from './catalog/seed-ledger.ts';
export {
  type DirectoryEntry,
  TenantDirectory,
  type TenantName,
} from './catalog/tenant-directory.ts';
export { readWarmSchemas } from './catalog/warm-schemas.ts';
export { CannotConnect } from './connection/connect.ts';
export { ConnectionBudget } from './connection/connection-budget.ts';
export { type PoolStatistics, readPoolStatistics } from './connection/pool-statistics.ts';
export { Probe, ProbeCannotConnect } from './connection/probe.ts';
export { type Queryable } from './connection/queryable.ts';
export { describeTenantIsolation } from './isolation/describe-tenant-isolation.ts';
export { type Subject } from './isolation/experiment.ts';
export { OWN_ROWS } from './mapping/tenant-owned.ts';
export { LockTaken } from './migrations/advisory-lock.ts';
export { compileWithoutServer } from './migrations/compile-without-server.ts';
export {
  asTransaction,
  type CompiledLists,
  type CompiledMigration,
} from './migrations/compiled-migration.ts';
export { type BaselineReport } from './migrations/adoption.ts';
export { type BaselinePlan } from './migrations/baseline.ts';
export { FleetMigrator, type FleetPlan, type RunReport } from './migrations/fleet-migrator.ts';
export {
  type BaselineOptions,
  type MigrateOptions,
  type RollbackOptions,
  mostFailures,
  type RunOptions,
} from './migrations/run-options.ts';
export { type FleetSettings, withFleet } from './migrations/with-fleet.ts';
export { Backfill } from './migrations/backfill.ts';
export { type DriftReport } from './migrations/drift.ts';
export { type StopReason } from './migrations/run-events.ts';
export { planWaves, select, type WaveOptions } from './migrations/fleet-waves.ts';
export { WaveRun } from './migrations/wave-run.ts';
export { PoolerInBetween } from './migrations/run-lock.ts';
export {
  BuildOutOfRange,
  ContractRefused,
  CatalogPending,
  MigrationChanged,
  MigrationOutOfOrder,
} from './migrations/fleet-refusals.ts';
export { type Outcome, type RunEvent } from './migrations/run-events.ts';
export { CanaryRuledOut, UnknownPlacement, type Wave } from './migrations/fleet-waves.ts';
export { MigrationFailed } from './migrations/migration-failed.ts';
export { type TargetWork } from './migrations/migration-script.ts';
export { RollbackRefused, UnknownMigration } from './migrations/rollback.ts';
export { strongestLock, type TableLock } from './migrations/table-lock.ts';
export {
  type AppliedMigration,
  CATALOG,
  isInRange,
  planFleet,
  type Target,
  type TargetPlan,
} from './migrations/fleet-plan.ts';
export { compileBuild, readFleetStatus } from './migrations/fleet-status.ts';
export { migrationLists } from './migrations/migration-lists.ts';
export { createMigration } from './migrations/new-migration.ts';
export {
  type ListedMigration,
  MIGRATION_LISTS,
  type MigrationListName,
  type MigrationLists,
  SchemaMigration,
} from './migrations/schema-migration.ts';
export { ServerNotPrepared } from './migrations/server-roles.ts';
export { OutboxModule, type OutboxModuleOptions } from './outbox/outbox.module.ts';
export { OutboxRelay, type PassReport, type RelayOptions } from './outbox/outbox-relay.ts';
export { Outbox } from './outbox/outbox.ts';
export { Outboxes, type ParkedEvent } from './outbox/outboxes.ts';
export { PersistenceModule } from './persistence.module.ts';

export { CHECKS } from './prover/checks.ts';
export { type Finding, lineOf } from './prover/finding.ts';
export { OUTBOX } from './prover/grant-facts.ts';
export { inspectAsApp } from './prover/inspect.ts';
export { IsolationCheck, NotIsolated } from './prover/isolation-check.ts';
export { IsolationProver, type IsolationReport } from './prover/isolation-prover.ts';
export { checkServerVersion, type Strictness } from './prover/server-check.ts';
export { Housekeeper } from './provisioning/housekeeper.ts';
export { ProvisioningModule } from './provisioning/provisioning.module.ts';
export { RunLocks } from './provisioning/run-locks.ts';
export { WakeUps } from './provisioning/wake-ups.ts';
export { WarmPlacements } from './provisioning/warm-placements.ts';
export { RowReader } from './queries/row-reader.ts';
export { TenantQueries } from './queries/tenant-queries.ts';
export { BaseRepository } from './repositories/base.repository.ts';
export { insertInBulk } from './repositories/insert-in-bulk.ts';
export { TenantAwareRepository } from './repositories/tenant-aware.repository.ts';
export { ROLES } from './roles.ts';
export { placed, type PlacedTenant } from './tenant-context/placed-tenant.ts';
export { type ScopeOptions, TenantContext } from './tenant-context/tenant-context.ts';
export {
  EntityOfAnotherScope,
  IsolationViolation,
  ScopeEnded,
  ScopeMismatch,
  ScopeSealed,
  TenantContextMissing,
  TransactionMissing,
  UnitOfWorkEnded,
} from './tenant-context/isolation-violation.ts';
export {
  type IdempotentAnswer,
  type IdempotentRequest,
  Idempotency,
} from './unit-of-work/idempotency.ts';
export { explanationOf } from './unit-of-work/explanation.ts';
export {
  CommitInterrupted,
  EntityOfAnotherUnitOfWork,
  EventNotStorable,
  FlushFailed,
  FlushUnderWay,
  PropagationMismatch,
  SavepointOpen,
  StreamOpen,
  TransactionManaged,
  UnexpectedRollback,
  UnitOfWorkMissing,
} from './unit-of-work/transaction-errors.ts';
export { Transactional } from './unit-of-work/transactional.decorator.ts';
export {
  type TransactionalOptions,
  TransactionalService,
} from './unit-of-work/transactional.service.ts';
