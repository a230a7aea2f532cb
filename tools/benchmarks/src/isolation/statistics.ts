/** The middle of some values, and the middle half of them. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** By quartiles. @throws {RangeError} of nothing */
export function spreadOf(values: readonly number[]): Spread {
  return {
    low: percentile(values, 0.25),
    median: percentile(values, 0.5),
    high: percentile(values, 0.75),
  };
}

/** What so large a share of the values is not above, interpolated. @throws {RangeError} of nothing */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) {
    throw new RangeError('Nothing was measured.');
  }
  const sorted = values.toSorted((one, other) => one - other);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position % 1);
}

/** Of the quotients of what was measured side by side. */
export function quotientOf(ones: readonly number[], others: readonly number[]): Spread {
  return spreadOf(ones.map((one, index) => one / (others[index] ?? Number.NaN)));
}
