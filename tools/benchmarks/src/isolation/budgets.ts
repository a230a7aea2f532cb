import { readFileSync } from 'node:fs';
import { type FigureName, figures, type Found } from './figures.ts';
import type { Measurements } from './measurements.ts';

/** What a figure is to be: no more, or no less. */
type Limit = { readonly most: number } | { readonly least: number };

/** What is wanted of a figure, and how far it has been brought. */
export interface Budget {
  readonly figure: FigureName;
  readonly budget: Limit;
  /** With some room for what disturbs a machine: what is beyond it has become worse. */
  readonly today: Limit;
}

/** A budget, and how things are. */
export interface Verdict extends Budget {
  readonly measured: Found;
  readonly reached: boolean;
  readonly regressed: boolean;
}

/** The file of all budgets. */
export function readBudgets(): readonly Budget[] {
  const file = new URL('../../budgets.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Budget[];
}

export function judge(measurements: Measurements, budgets = readBudgets()): readonly Verdict[] {
  return budgets.map((budget) => verdictOn(budget, figures[budget.figure](measurements)));
}

/**
 * A budget is reached by the median. Worse than it was is what even the better quarter of the rounds is: a machine that others
 * use too is no regression.
 */
export function verdictOn(budget: Budget, measured: Found): Verdict {
  const best = 'most' in budget.today ? measured.low : measured.high;
  return {
    ...budget,
    measured,
    reached: isWithin(budget.budget, measured.median),
    regressed: !isWithin(budget.today, best),
  };
}

function isWithin(limit: Limit, value: number): boolean {
  return 'most' in limit ? value <= limit.most : value >= limit.least;
}

/** In words. */
export function limitText(limit: Limit): string {
  return 'most' in limit ? `≤ ${limit.most}` : `≥ ${limit.least}`;
}
