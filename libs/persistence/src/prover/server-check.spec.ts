import { checkServerVersion } from './server-check.ts';

const production = { production: true, allowOldServer: false };

describe('a server', () => {
  it.each([150_020, 160_016, 170_012, 180_007, 180_008, 190_000])(
    'of version %i has the fixes',
    (version) => {
      expect(checkServerVersion(version, production)).toEqual([]);
    },
  );

  it.each([
    [140_030, 'PostgreSQL 14.30', 'is not supported'],
    [150_019, 'PostgreSQL 15.19', 'lacks fixes that 15.20 has'],
    [180_004, 'PostgreSQL 18.4', 'lacks fixes that 18.7 has'],
  ])('of version %i lacks them, which production refuses', (version, where, problem) => {
    expect(checkServerVersion(version, production)).toMatchObject([
      { check: 'server-version', severity: 'leak', where, problem },
    ]);
  });

  it.each([
    ['in development', { production: false, allowOldServer: false }],
    ['where production is told to take it', { production: true, allowOldServer: true }],
  ])('that lacks them is warned of %s', (_where, strictness) => {
    expect(checkServerVersion(180_004, strictness)).toMatchObject([{ severity: 'warning' }]);
  });
});
