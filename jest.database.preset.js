import preset from './jest.preset.js';

/**
 * For projects whose specs use PostgreSQL: one server for the test run, started and ended with it. Two specs at once also on two
 * processors, where Jest would have one: many of them wait, for a server that is away, for time limits, for processes.
 */
export default {
  ...preset,
  maxWorkers: 2,
  globalSetup: `${import.meta.dirname}/tools/embedded-postgres/src/jest.global-setup.ts`,
  globalTeardown: `${import.meta.dirname}/tools/embedded-postgres/src/jest.global-teardown.ts`,
  setupFilesAfterEnv: [`${import.meta.dirname}/jest.quiet.js`],
  testTimeout: 30_000,
};
