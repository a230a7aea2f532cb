import preset from './jest.preset.js';

/** For projects whose specs use PostgreSQL: one server for the test run, started and ended with it. */
export default {
  ...preset,
  globalSetup: `${import.meta.dirname}/tools/embedded-postgres/src/jest.global-setup.ts`,
  globalTeardown: `${import.meta.dirname}/tools/embedded-postgres/src/jest.global-teardown.ts`,
  setupFilesAfterEnv: [`${import.meta.dirname}/jest.quiet.js`],
  testTimeout: 30_000,
};
