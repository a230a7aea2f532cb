export type { ServerAddress } from './server.ts';
export { createEmptyDatabase, createTestDatabase, type TestDatabase } from './test-database.ts';
