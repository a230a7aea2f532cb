/** Of so many rows in a row, each edge case is had by one. */
const PERIOD = 40;
/** The first rows are like any, so that small tenants are. */
const FIRST = 3;

type EdgeCase = (max: number) => string;

const EDGE_CASES = {
  longest: (max) => 'Rindfleisch '.repeat(max / 12 + 1).slice(0, max - 1) + 'x',
  chinese: () => '数据访问层 – データ層 – 데이터',
  // Arabic and Hebrew with a number in between, escaped since editors would turn the line around.
  rightToLeft: () => '\u0645\u0634\u0631\u0648\u0639 42 \u05e9\u05dc\u05d5\u05dd',
  // Letters with marks of their own, not composed: é, ạ̈ and ñ.
  combining: () => 'Cafe\u0301 a\u0323\u0308 man\u0303ana',
  // A person of four code points joined by two of no width, and a flag.
  emoji: () => '👩\u200d🚀 of 🇦🇹 👍🏽',
  quotes: () => `O’Brien's "quoted" \\N \\. {a,b} <b>&amp;</b> ; -- %s $1 ?`,
  shortest: () => 'x',
} satisfies Record<string, EdgeCase>;

export type EdgeCaseName = keyof typeof EDGE_CASES;

const INDEXES = new Map(Object.keys(EDGE_CASES).map((name, at) => [at + FIRST, name]));

/** How an index is out of the ordinary, always in the same way; `undefined` for most. */
export function edgeCaseOf(index: number): EdgeCaseName | undefined {
  return INDEXES.get(index % PERIOD) as EdgeCaseName | undefined;
}

/**
 * The text of an index that is out of the ordinary, or what is given.
 * @param max characters that the domain allows
 */
export function textOf(index: number, max: number, ordinary: () => string): string {
  const edgeCase = edgeCaseOf(index);
  const text: EdgeCase = edgeCase ? EDGE_CASES[edgeCase] : ordinary;
  return text(max);
}
