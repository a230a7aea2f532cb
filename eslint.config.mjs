import { readFileSync } from 'node:fs';
import nx from '@nx/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Who may import whom, and which packages: see tools/boundaries. */
const matrix = JSON.parse(
  readFileSync(new URL('./tools/boundaries/src/matrix.json', import.meta.url), 'utf8'),
);

const SPECS = ['**/*.spec.ts', '**/testing/**/*.ts', '**/jest.*.ts'];

/** Imports that would escape the matrix, or a rule. */
const escapes = [
  {
    regex: '^(?!node:)(?:@[^/]+/[^/]+|[^@./][^/]*)/.+',
    message: 'Import the package itself: a second entry point escapes the matrix.',
  },
  { regex: '^node:module$', message: 'createRequire() escapes the matrix: use import.' },
];

/** @param {{ tags: string[], packages: string[], buildable: boolean }} more what is allowed beyond the matrix */
function moduleBoundaries(more) {
  return [
    'error',
    {
      allow: [],
      banTransitiveDependencies: true,
      checkDynamicDependenciesExceptions: [],
      enforceBuildableLibDependency: more.buildable,
      depConstraints: Object.entries(matrix).map(([sourceTag, { imports, packages }]) => ({
        sourceTag,
        onlyDependOnLibsWithTags: [...imports, ...more.tags],
        ...(packages && { allowedExternalImports: [...Object.keys(packages), ...more.packages] }),
      })),
    },
  ];
}

export default tseslint.config(
  { ignores: ['**/dist', '**/.nx', '**/.data', '**/coverage', '**/*.{js,mjs,json}'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx, 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': moduleBoundaries({
        tags: [],
        packages: [],
        buildable: true,
      }),
      'import-x/no-cycle': 'error',
      'import-x/no-commonjs': 'error',
      'no-restricted-imports': ['error', { patterns: escapes }],
      // process.env is read in one file, which validates it.
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Take it from the configuration.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // An index signature is to look like one: noPropertyAccessFromIndexSignature.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Nest declares the shapes of its options as classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-require-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['libs/domain/**/*.ts', 'libs/application/**/*.ts'],
    ignores: SPECS,
    rules: {
      'no-restricted-globals': ['error', 'process', 'console', 'setTimeout', 'fetch', 'Buffer'],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...escapes,
            { regex: '^node:', message: 'Plain classes: nothing of a platform.' },
          ],
        },
      ],
    },
  },
  {
    files: ['tools/**/*.ts', 'libs/platform/src/environment.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // What a schema is made of is for zod to infer.
    files: ['apps/api/src/**/*.schema.ts', 'apps/api/src/http/schemas.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: SPECS,
    rules: {
      '@nx/enforce-module-boundaries': moduleBoundaries({
        tags: ['layer:tool', 'scope:tool'],
        packages: ['@jest/globals', '@nestjs/testing', 'fast-check', 'pg'],
        buildable: false,
      }),
      'no-restricted-properties': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
