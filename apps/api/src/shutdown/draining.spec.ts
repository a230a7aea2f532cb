import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, startAnother, startApi } from '../testing/api-harness.ts';

const DELAY_MS = 600;

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const startOne = () => startAnother(api, { SHUTDOWN_DELAY_MS: String(DELAY_MS) });

describe('a process that is about to end', () => {
  it('is not ready, and serves whoever comes all the same, on connections that end with the answer', async () => {
    const one = await startOne();
    const before = await one.call({ path: '/projects', tenant: 'alpha' });
    const stopping = one.stop();
    await sleep(200);

    expect(before.headers['connection']).not.toBe('close');
    expect(await one.call({ path: '/health/ready' })).toMatchObject({ status: 503 });
    expect(await one.call({ path: '/health/live' })).toMatchObject({ status: 200 });
    expect(await one.call({ path: '/projects', tenant: 'alpha' })).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    });
    await stopping;
    await expect(one.call({ path: '/health/live' })).rejects.toThrow('ECONNREFUSED');
  });

  it('takes as long as it was told to', async () => {
    const one = await startOne();
    const begin = Date.now();
    await one.stop();

    expect(Date.now() - begin).toBeGreaterThanOrEqual(DELAY_MS);
  });
});
