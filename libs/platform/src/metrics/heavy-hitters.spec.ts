import fc from 'fast-check';
import { HeavyHitters } from './heavy-hitters.ts';

const MINUTE = 60_000;

function hitters(capacity: number) {
  let now = 0;
  return {
    all: new HeavyHitters(capacity, MINUTE, () => now),
    pass: (ms: number): void => {
      now += ms;
    },
  };
}

describe('the heaviest of many', () => {
  it('are found among ten thousand in room for two hundred', () => {
    const { all } = hitters(200);
    for (let round = 0; round < 20; round += 1) {
      for (let tenant = 0; tenant < 10_000; tenant += 1) {
        all.add(`tenant-${tenant}`, 1);
      }
      ['a', 'b', 'c'].forEach((key, index) => {
        all.add(key, 1_000 * (3 - index));
      });
    }

    expect(all.top(3).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(all.top(1_000)).toHaveLength(200);
  });

  it('have at least the weight that they were given, and at most that of all divided by the room more', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(100)), { minLength: 1 }), (given) => {
        const { all } = hitters(8);
        const exact = new Map<string, number>();
        for (const [key, weight] of given) {
          all.add(String(key), weight);
          exact.set(String(key), (exact.get(String(key)) ?? 0) + weight);
        }
        const sum = given.reduce((before, [, weight]) => before + weight, 0);

        for (const { key, perSecond } of all.top(8)) {
          const weight = (perSecond * MINUTE) / Math.LN2 / 1_000;
          expect(weight).toBeGreaterThanOrEqual((exact.get(key) ?? 0) - 1e-6);
          expect(weight).toBeLessThanOrEqual((exact.get(key) ?? 0) + sum / 8 + 1e-6);
        }
      }),
    );
  });

  it('show the rate of what comes in evenly, and are forgotten with time', () => {
    const { all, pass } = hitters(8);
    for (let second = 0; second < 600; second += 1) {
      all.add('a', 5);
      pass(1_000);
    }

    expect(all.top(1)[0]?.perSecond).toBeCloseTo(5, 0);
    pass(10 * MINUTE);
    expect(all.top(1)[0]?.perSecond).toBeLessThan(0.01);
  });
});
