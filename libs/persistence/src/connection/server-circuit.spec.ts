import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PoolExhausted } from './pool-exhausted.ts';
import { CircuitOpen, ServerCircuit } from './server-circuit.ts';

const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
const log = jest.spyOn(Logger.prototype, 'log').mockReturnValue();

beforeEach(() => jest.clearAllMocks());

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const starting = Object.assign(new Error('the database system is starting up'), { code: '57P03' });

/** A server that gives these answers, the last one again and again. */
function server(...answers: readonly (Error | 'connection')[]) {
  let asked = 0;
  return {
    get asked() {
      return asked;
    },
    open: (): Promise<'connection'> => {
      const answer = answers[Math.min(asked, answers.length - 1)] ?? 'connection';
      asked += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}

async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < count; time += 1) {
    await work().catch(() => undefined);
  }
}

describe('a server that cannot be reached', () => {
  it('is not asked any more when five have failed in a row', async () => {
    const circuit = new ServerCircuit(1_000);
    const down = server(refused);

    await times(50, () => circuit.connect(down.open));

    expect(down.asked).toBe(5);
    await expect(circuit.connect(down.open)).rejects.toThrow(CircuitOpen);
    await expect(circuit.connect(down.open)).rejects.toMatchObject({ cause: refused });
  });

  it('is asked by one of many after a pause, and by none of them when that fails', async () => {
    const circuit = new ServerCircuit(1_000);
    const down = server(refused);
    await times(5, () => circuit.connect(down.open));
    await sleep(600);

    await Promise.allSettled(Array.from({ length: 100 }, () => circuit.connect(down.open)));

    expect(down.asked).toBe(6);
  });

  it('keeps nobody waiting who comes while one tries and has no answer', async () => {
    const circuit = new ServerCircuit(1_000);
    await times(5, () => circuit.connect(server(refused).open));
    await sleep(600);
    const silent = Promise.withResolvers<'connection'>();
    const trial = circuit.connect(() => silent.promise);
    const begin = Date.now();

    await expect(circuit.connect(server('connection').open)).rejects.toThrow(CircuitOpen);

    expect(Date.now() - begin).toBeLessThan(1_000);
    silent.resolve('connection');
    expect(await trial).toBe('connection');
    expect(await circuit.connect(server('connection').open)).toBe('connection');
  });

  it('lets all in when it is back', async () => {
    const circuit = new ServerCircuit(1_000);
    const back = server(refused, refused, refused, refused, refused, 'connection');
    await times(5, () => circuit.connect(back.open));
    await sleep(600);

    const connections = await Promise.all(
      Array.from({ length: 10 }, () => circuit.connect(back.open)),
    );

    expect(new Set(connections)).toEqual(new Set(['connection']));
  });

  it('is told of once, and once when it is back', async () => {
    const circuit = new ServerCircuit(1_000);
    const back = server(refused, refused, refused, refused, refused, 'connection');
    await times(20, () => circuit.connect(back.open));
    await sleep(600);
    await times(20, () => circuit.connect(back.open));

    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ reason: 'connect ECONNREFUSED' }));
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe('a server that has no time yet', () => {
  it('is waited for', async () => {
    const busy = server(starting, starting, 'connection');

    expect(await new ServerCircuit(5_000).connect(busy.open)).toBe('connection');
    expect(busy.asked).toBe(3);
  });

  it('is waited for no longer than patience lasts', async () => {
    const begin = Date.now();

    await expect(new ServerCircuit(200).connect(server(starting).open)).rejects.toBe(starting);

    expect(Date.now() - begin).toBeLessThan(2_000);
  });
});

describe('a pool that is exhausted', () => {
  it('says nothing of the server', async () => {
    const circuit = new ServerCircuit(1_000);
    const exhausted = new PoolExhausted('all in use', { totalCount: 1, waitingCount: 9 } as never);
    const full = server(exhausted);
    await times(50, () => circuit.connect(full.open));

    expect(full.asked).toBe(50);
    expect(warn).not.toHaveBeenCalled();
  });
});
