/** The weights of a list, added up: `until(index)` is what those before `index` have together, `until(length)` all of it. */
export interface Scale {
  readonly whole: number;
  readonly until: (index: number) => number;
}

/** Scales of so many items. */
export const SCALES = {
  uniform: (length: number): Scale => ({ whole: length, until: (index) => index }),
  zipf: (length: number): Scale => {
    const sums = [0];
    for (let rank = 1; rank <= length; rank += 1) {
      sums.push((sums.at(-1) ?? 0) + 1 / rank);
    }
    return { whole: sums[length] ?? 0, until: (index) => sums[index] ?? 0 };
  },
};

/** What falls to the item of an index. All of them together get exactly the amount, which is below 2^49. */
export function share(amount: number, { whole, until }: Scale, index: number): number {
  const before = (at: number): number => Math.round((amount * until(at)) / whole);
  return before(index + 1) - before(index);
}

/** The same weights over and over. A scale of any length, that costs nothing. */
export function repeating(weights: readonly number[], length: number): Scale {
  const sums = weights.reduce<number[]>((all, weight) => [...all, (all.at(-1) ?? 0) + weight], [0]);
  const round = sums.at(-1) ?? 0;
  const until = (index: number): number =>
    Math.floor(index / weights.length) * round + (sums[index % weights.length] ?? 0);
  return { whole: until(length), until };
}
