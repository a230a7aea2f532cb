import { MikroORM } from '@mikro-orm/postgresql';
import { type DatabaseHealth, Readiness, Sampler, Startup } from '@tenantry/health';
import { migrationLists } from '@tenantry/persistence';
import { type Answer, type Api, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';
import { LogRecorder } from '../testing/log-recorder.ts';
import { tenantToken } from '../testing/tenant-token.ts';
import { until } from '../testing/until.ts';

let api: Api;
const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` };

beforeEach(async () => {
  api = await startApi({ DB_POOL_MAX: '2' });
});

afterEach(() => api.stop());

const get = (path: string, more?: Record<string, string>): Promise<Answer> =>
  api.call({ path, ...(more && { headers: more }) });
const report = async (): Promise<DatabaseHealth> =>
  JSON.parse((await get('/health/database', headers)).text) as DatabaseHealth;

/** The pool has nothing to give. */
async function exhaust(): Promise<() => void> {
  const pool = await api.api.get(MikroORM).driver.getConnection().getNativeClient();
  const taken = await Promise.all([pool.connect(), pool.connect()]);
  return () => {
    for (const client of taken) {
      client.release();
    }
  };
}

/** Readiness is remembered for a second, and a pool that is full counts the second time. */
async function untilReady(is: boolean): Promise<void> {
  const readiness = api.api.get(Readiness);
  await until(async () => (await readiness.isReady()) === is, 10_000);
}

describe('a process that serves', () => {
  it('is live, started and ready', async () => {
    for (const path of ['/health/live', '/health/started', '/health/ready']) {
      expect(await get(path)).toMatchObject({
        status: 200,
        body: { status: 'ok' },
        headers: { 'cache-control': 'no-store' },
      });
    }
  });

  it('tells operators how the database is, from memory', async () => {
    await api.api.get(Sampler).pass(() => true);

    const { status, readiness, checks } = await report();

    // What the specs' server has is no server's for production.
    expect(status).toBe('fail');
    expect(readiness).toMatchObject({ state: 'ready', reason: null });
    expect(checks['server']).toContainEqual(
      expect.objectContaining({ name: 'version', time: expect.any(String) as string }),
    );
    expect(checks['migrations']).toContainEqual(
      expect.objectContaining({
        name: 'fleet',
        observedValue: [{ version: migrationLists.tenant.at(-1)?.name, count: 2 }],
      }),
    );
  });

  it('asks the database nothing for that, so there is nothing to audit', async () => {
    const { debugLines } = LogRecorder.of(api);

    await Promise.all(Array.from({ length: 20 }, report));

    expect(debugLines.filter(({ query }) => query?.includes('audit'))).toEqual([]);
    await get('/tenants', headers);
    expect(debugLines.filter(({ query }) => query?.includes('audit'))).toHaveLength(1);
  });
});

describe('a process that has not been started', () => {
  it('says so', async () => {
    Object.defineProperty(api.api.get(Startup), 'isComplete', { value: false });

    expect(await get('/health/started')).toMatchObject({
      status: 503,
      body: { status: 'error' },
    });
    expect((await get('/health/live')).status).toBe(200);
  });
});

describe('a process whose pool is full', () => {
  it('is live and not ready, and tells operators why within the deadline', async () => {
    await untilReady(true);
    const giveBack = await exhaust();
    await untilReady(false);
    await api.api.get(Sampler).pass(({ name }) => name === 'pool');

    expect((await get('/health/live')).status).toBe(200);
    const start = Date.now();
    expect(await get('/health/ready')).toMatchObject({ status: 503, body: { status: 'error' } });
    const { readiness, checks } = await report();
    expect(Date.now() - start).toBeLessThan(2_300);
    expect(readiness).toMatchObject({
      state: 'not-ready',
      reason: expect.stringMatching(/no connection .* in use/i) as string,
    });
    expect(checks['pool']).toMatchObject([
      { name: 'pool-in-use', status: 'warn', observedValue: 100, detail: { max: 2, used: 2 } },
      { name: 'pool-waiting' },
    ]);

    giveBack();
    await untilReady(true);
  }, 30_000);
});

describe('a process that is told to end', () => {
  it('is not ready any more, and still live', async () => {
    api.api.get(Readiness).drain();

    expect((await get('/health/ready')).status).toBe(503);
    expect((await get('/health/live')).status).toBe(200);
    expect((await report()).readiness.state).toBe('draining');
  });
});

describe('who is not an operator', () => {
  const OPEN = ['/health/live', '/health/started', '/health/ready'];
  const DULL = [
    'cache-control',
    'connection',
    'content-length',
    'content-type',
    'date',
    'keep-alive',
    'x-request-id',
  ];

  it('is told a status and nothing else, whatever the state', async () => {
    const states = [
      () => Promise.resolve(),
      async () => {
        await exhaust();
        await untilReady(false);
      },
      async () => {
        api.api.get(Readiness).drain();
        return Promise.resolve();
      },
    ];
    for (const enter of states) {
      await enter();
      for (const path of OPEN) {
        const answer = await get(path);

        expect(['{"status":"ok"}', '{"status":"error"}']).toContain(answer.text);
        expect(DULL).toEqual(expect.arrayContaining(Object.keys(answer.headers)));
      }
    }
  }, 30_000);

  it('is told nothing of the database, whoever else it is', async () => {
    const strangers = [
      undefined,
      { authorization: 'Bearer wrong' },
      { authorization: `Bearer ${await tenantToken({ tenant: 'alpha', operator: true })}` },
      { 'x-tenant-id': 'alpha' },
    ];
    for (const stranger of strangers) {
      const answer = await get('/health/database', stranger);

      expect(answer.status).toBe(401);
      expect(Object.keys(JSON.parse(answer.text) as object).toSorted()).toEqual([
        'code',
        'detail',
        'requestId',
        'status',
        'title',
        'type',
      ]);
      expect(answer.text).not.toMatch(/postgres|tenantry|pool|select|127\.0|\d+\.\d+/i);
      expect([...DULL, 'www-authenticate']).toEqual(
        expect.arrayContaining(Object.keys(answer.headers)),
      );
    }
  });
});
