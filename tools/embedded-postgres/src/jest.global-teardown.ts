import { dropTestDatabases } from './test-database.ts';

/** Leaves the server as the test run found it. */
export default dropTestDatabases;
