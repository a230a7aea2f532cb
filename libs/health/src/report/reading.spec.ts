import { judged, measured, unknown, worst } from './reading.ts';

const LOAD = { unit: '%', warn: 80, fail: 95, advice: 'Do less.' };

describe('a value', () => {
  it.each([
    [79.9, 'pass'],
    [80, 'warn'],
    [95, 'fail'],
  ])('of %d is compared with its threshold: %s', (value, status) => {
    expect(measured('load', value, LOAD)).toMatchObject({ status, observedValue: value });
  });

  it('that is bad when low is compared the other way round', () => {
    const hits = { warn: 90, fail: 50, lowIsBad: true, advice: '' };

    expect([90, 89, 49].map((value) => measured('hits', value, hits).status)).toEqual([
      'pass',
      'warn',
      'fail',
    ]);
  });

  it('comes with what it was compared with, and with advice unless it is fine', () => {
    expect(measured('load', 12.345, LOAD, { of: 'us' })).toEqual({
      name: 'load',
      status: 'pass',
      observedValue: 12.35,
      observedUnit: '%',
      threshold: { warn: 80, fail: 95 },
      detail: { of: 'us' },
    });
    expect(measured('load', 90, LOAD)).toMatchObject({ advice: 'Do less.' });
    expect(judged('on', 'fail', 'off', { threshold: 'on', advice: 'Set it.' })).toEqual({
      name: 'on',
      status: 'fail',
      observedValue: 'off',
      threshold: 'on',
      advice: 'Set it.',
    });
  });

  it('that nobody knows is a warning, and never fine', () => {
    expect(measured('load', null, LOAD)).toMatchObject({ status: 'warn', observedValue: null });
    expect(unknown('load', 'hidden', 'Ask.')).toMatchObject({ status: 'warn', output: 'hidden' });
  });
});

describe('the status of all', () => {
  it('is the worst', () => {
    expect(worst([])).toBe('pass');
    expect(worst(['pass', 'warn', 'pass'])).toBe('warn');
    expect(worst(['warn', 'fail', 'pass'])).toBe('fail');
  });
});
