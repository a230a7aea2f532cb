import preset from '../../jest.preset.js';

/** Each spec that uses PostgreSQL has a server of its own, which is left with what was measured on it. */
export default { ...preset, testTimeout: 60_000 };
