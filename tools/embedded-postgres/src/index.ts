export { findPgBouncer, type PgBouncer, startPgBouncer } from './pgbouncer.ts';
export type { StopMode } from './postmaster.ts';
export { type RestartableServer, startRestartableServer } from './restartable-server.ts';
export type { ServerAddress } from './server.ts';
export { createEmptyDatabase, createTestDatabase, type TestDatabase } from './test-database.ts';
