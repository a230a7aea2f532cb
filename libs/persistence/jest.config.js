import preset from '../../jest.database.preset.js';

/** Two at once, also on two processors, where Jest would have one: many of its specs wait, for time limits, for locks, for servers that are away. */
export default { ...preset, maxWorkers: 2 };
