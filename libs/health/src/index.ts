export { DatabaseReport, type DatabaseStatistics, type MigrationState } from './database-report.ts';
export { HealthModule } from './health.module.ts';
export { Readiness } from './readiness.ts';
