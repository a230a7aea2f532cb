import config from './jest.config.js';

/** The fault bench alone, with each fault for half a minute. */
export default {
  ...config,
  testMatch: ['**/src/unit-of-work/faults.spec.ts'],
  globals: { faultMs: 30_000 },
};
