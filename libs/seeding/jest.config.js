import preset from '../../jest.database.preset.js';

/** Two at once, also on two processors, where Jest would have one: most of its specs wait for the database. */
export default { ...preset, maxWorkers: 2 };
