export { default } from '../../jest.database.preset.js';
