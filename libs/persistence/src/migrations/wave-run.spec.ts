import { setImmediate as soon } from 'node:timers/promises';
import { WaveRun } from './wave-run.ts';

/** Notes how many targets are under way at once. */
class CountingRun extends WaveRun<number, { readonly status: string; readonly target: number }> {
  most = 0;
  private underWay = 0;

  protected override async outcomeOf(target: number) {
    this.underWay += 1;
    this.most = Math.max(this.most, this.underWay);
    await soon();
    this.underWay -= 1;
    return { status: 'done', target };
  }
}

describe('a wave of a large fleet', () => {
  const targets = Array.from({ length: 2_500 }, (_, index) => index);

  it('is gone through whole and in order, a part of it at a time', async () => {
    const run = new CountingRun(4);

    const outcomes = await run.through([{ name: '100 %', targets, isCanary: false }], Infinity);

    expect(outcomes.map(({ target }) => target)).toEqual(targets);
    expect(run.most).toBe(1_000);
  });
});
