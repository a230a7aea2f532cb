import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Api, startApi } from '../testing/api-harness.ts';
import { LogRecorder } from '../testing/log-recorder.ts';

let api: Api;
let log: LogRecorder;

beforeAll(async () => {
  api = await startApi();
  log = LogRecorder.of(api);
});

afterAll(() => api.stop());

/** Of one aggregate: the tenants of the harness have had others. */
const linesOf = (aggregateId: string): object[] =>
  (log.lines as { aggregateId?: string }[]).filter((line) => line.aggregateId === aggregateId);
const join = (tenant: string, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call({
    method: 'POST',
    path: '/members',
    tenant,
    headers,
    body: { email: 'grace@example.com', name: 'Grace' },
  });

describe('what a request has changed', () => {
  it.each(['alpha', 'gamma'])('is in the log once it is stored, as that of %s', async (tenant) => {
    const { status, body } = await join(tenant, { 'idempotency-key': tenant });
    expect(status).toBe(201);
    for (const begin = Date.now(); !linesOf(body.id).length && Date.now() - begin < 5_000;) {
      await sleep(10);
    }

    expect(linesOf(body.id)).toMatchObject([{ msg: 'member.joined', tenant }]);
    expect(JSON.stringify(log.lines)).not.toContain('grace');
  });

  it('is not there again when the request is, nor when it is refused', async () => {
    const before = log.lines.length;
    expect((await join('alpha', { 'idempotency-key': 'alpha' })).status).toBe(201);
    expect((await join('alpha')).status).toBe(409);
    await sleep(300);

    expect(log.lines.slice(before)).toEqual([]);
  });
});
