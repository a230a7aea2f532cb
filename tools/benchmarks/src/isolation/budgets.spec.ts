import { type Budget, readBudgets, verdictOn } from './budgets.ts';
import { figures } from './figures.ts';

const cost: Budget = {
  figure: 'flat read over raw pg',
  budget: { most: 1.3 },
  today: { most: 2 },
};
const gain: Budget = {
  figure: 'throughput over Prisma',
  budget: { least: 1 },
  today: { least: 0.8 },
};

describe('a cost', () => {
  it('within its budget has reached it', () => {
    expect(verdictOn(cost, { low: 1.1, median: 1.3, high: 9 })).toMatchObject({
      reached: true,
      regressed: false,
    });
  });

  it('beyond its budget has not, and has not become worse while it is what it was', () => {
    expect(verdictOn(cost, { low: 1.9, median: 2.1, high: 2.5 })).toMatchObject({
      reached: false,
      regressed: false,
    });
  });

  it('that is more than it was in most rounds has become worse', () => {
    expect(verdictOn(cost, { low: 2.1, median: 2.2, high: 2.5 })).toMatchObject({
      regressed: true,
    });
  });
});

describe('a gain', () => {
  it('is wanted to be no less', () => {
    expect(verdictOn(gain, { low: 0.9, median: 1, high: 1.1 })).toMatchObject({
      reached: true,
      regressed: false,
    });
    expect(verdictOn(gain, { low: 0.5, median: 0.6, high: 0.85 })).toMatchObject({
      reached: false,
      regressed: false,
    });
    expect(verdictOn(gain, { low: 0.5, median: 0.6, high: 0.79 })).toMatchObject({
      regressed: true,
    });
  });
});

describe('the file of budgets', () => {
  it('has every figure once', () => {
    const named = readBudgets().map(({ figure }) => figure);

    expect(named.toSorted()).toEqual(Object.keys(figures).toSorted());
  });
});
