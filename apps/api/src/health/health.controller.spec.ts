import { MikroORM } from '@mikro-orm/postgresql';
import { type Api, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';

let api: Api;
const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` };

beforeEach(async () => {
  api = await startApi({ DB_POOL_ACQUIRE_TIMEOUT_MS: '200' });
});

afterEach(() => api.stop());

/** As if the database were gone: nobody gets a connection any more. */
async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  const connection = api.api.get(MikroORM).driver.getConnection();
  const begin = connection.begin.bind(connection);
  connection.begin = () =>
    Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  await work();
  connection.begin = begin;
}

describe('health', () => {
  it('live is ok without the database', async () => {
    await withoutDatabase(async () => {
      expect(await api.call({ path: '/health/live' })).toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
    });
  });

  it('ready is ok, and says no more', async () => {
    expect(await api.call({ path: '/health/ready' })).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    });
  });

  it('ready is 503 without the database, and requests are too', async () => {
    await withoutDatabase(async () => {
      const ready = await api.call({ path: '/health/ready' });
      expect(ready.status).toBe(503);
      expect(ready.body).toEqual({ status: 'error' });

      const projects = await api.call({ path: '/projects', tenant: 'alpha' });
      expect(projects).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1' },
        body: { code: 'database-unavailable' },
      });
    });
  });

  it('database is for operators', async () => {
    expect((await api.call({ path: '/health/database' })).status).toBe(401);
    expect((await api.call({ path: '/health/database', tenant: 'alpha' })).status).toBe(401);
  });

  it('database says how the database is', async () => {
    const { status, body } = await api.call({ path: '/health/database', headers });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      server: { version: expect.stringMatching(/^1\d\./) as string, readOnly: false },
      pool: { max: 10, total: expect.any(Number) as number, waiting: 0 },
      connections: {
        max: expect.any(Number) as number,
        byState: { active: expect.any(Number) as number },
      },
      sizes: {
        database: expect.any(Number) as number,
        largestPlacements: [{ size: expect.any(Number) as number }, {}],
      },
      migrations: {
        catalog: { version: expect.stringMatching(/^\d{14}-/) as string, pending: [] },
        placements: [{ version: expect.stringContaining('unit-of-work') as string, count: 2 }],
        outOfRange: [],
      },
    });
  });
});
