import { quotientOf, spreadOf } from './statistics.ts';

describe('values', () => {
  it('have a middle, and a middle half, in whatever order they come', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ low: 2, median: 3, high: 4 });
    expect(spreadOf([4, 1])).toEqual({ low: 1.75, median: 2.5, high: 3.25 });
    expect(spreadOf([7])).toEqual({ low: 7, median: 7, high: 7 });
  });

  it('are needed', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('are divided round by round: what disturbed one round disturbed both', () => {
    expect(quotientOf([2, 20, 2], [1, 10, 1])).toEqual({ low: 2, median: 2, high: 2 });
  });
});
