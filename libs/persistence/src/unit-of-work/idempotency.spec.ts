import { useUnitsOfWork } from '../testing/units-of-work.ts';
import { Idempotency } from './idempotency.ts';

const units = useUnitsOfWork();
const { run, inAcme } = units;

describe('several requests that may be sent again, in one unit of work', () => {
  it('are all answered once', async () => {
    const idempotency = units.persistence.get(Idempotency);
    let done = 0;
    const ask = (key: string): Promise<unknown> =>
      idempotency.once({ key, fingerprint: key }, async () => `answer ${++done}`);

    await inAcme(() => run(() => ask('one').then(() => ask('two'))));
    await inAcme(() => run(() => run(() => ask('three'), { propagation: 'nested' })));
    const again = await inAcme(() => Promise.all(['one', 'two', 'three'].map(ask)));

    expect(again).toEqual(
      ['answer 1', 'answer 2', 'answer 3'].map((text) => ({ text, isRepeated: true })),
    );
  });
});
