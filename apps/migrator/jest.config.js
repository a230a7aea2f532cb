import preset from '../../jest.database.preset.js';

/** Two at once, also on two processors, where Jest would have one: many of its specs wait for processes to start and to end. */
export default { ...preset, maxWorkers: 2 };
