import { amount } from './amount.ts';

describe('an amount', () => {
  it.each([
    [0, 'B', '0 B'],
    [1_023, 'B', '1023 B'],
    [8_631_999, 'B', '8.2 MiB'],
    [10 * 1024 ** 2, 'B/s', '10 MiB/s'],
    [3 * 1024 ** 5, 'B', '3072 TiB'],
    [1.5, 's', '1.5 s'],
    [500_000_000, undefined, '500000000'],
  ])('of %d %s is %s', (value, unit, text) => {
    expect(amount(value, unit)).toBe(text);
  });
});
