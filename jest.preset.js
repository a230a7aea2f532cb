/** What the specs of every project run with: ES modules, compiled by swc, libraries taken from their source. */
export default {
  testEnvironment: 'node',
  testMatch: ['**/src/**/*.spec.ts'],
  testEnvironmentOptions: {
    customExportConditions: ['@tenantry/source', 'node', 'node-addons'],
  },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
          },
        },
        module: { type: 'es6' },
      },
    ],
  },
};
