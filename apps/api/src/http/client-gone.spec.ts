import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import { MemberQueries, UnitOfWork } from '@tenantry/application';
import { type Api, startApi } from '../testing/api-harness.ts';
import { scrape, valueOf } from '../testing/scrape.ts';

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

/** Asks, and goes away after so many milliseconds. */
function askAndLeave(path: string, afterMs: number): Promise<void> {
  const { port } = api.api.getHttpServer().address() as AddressInfo;
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', path, headers: { 'x-tenant-id': 'alpha' } });
    asked.on('error', () => undefined);
    asked.on('close', () => {
      resolve();
    });
    asked.end();
    setTimeout(() => asked.destroy(), afterMs);
  });
}

/** What a metric says once it has counted something: the server may take a moment to stop. */
async function counted(metric: string, labels: Record<string, string>): Promise<number> {
  let value = 0;
  for (let looks = 0; looks < 100 && value === 0; looks += 1) {
    value = valueOf(await scrape(api), metric, labels);
    await sleep(20);
  }
  return value;
}

describe('a client that goes away', () => {
  it('has its query cancelled', async () => {
    const queries = api.api.get(MemberQueries);
    const outcome = Promise.withResolvers<unknown>();
    queries.page = () => {
      const slow = api.api
        .get(UnitOfWork)
        .run(() => api.api.get(EntityManager).execute('select pg_sleep(20)'));
      slow.then(outcome.resolve, outcome.resolve);
      return slow as never;
    };
    const begin = Date.now();
    await askAndLeave('/members', 1_000);

    expect(await outcome.promise).toMatchObject({ kind: 'cancelled' });
    expect(Date.now() - begin).toBeLessThan(5_000);
    await sleep(50);
    const gone = { http_route: '/members', http_response_status_code: '499' };
    const cancelled = { db_operation_name: 'SELECT', error_type: 'cancelled' };
    expect(await counted('http_server_request_duration_seconds_count', gone)).toBe(1);
    expect(await counted('db_client_operation_duration_seconds_count', cancelled)).toBe(1);
    expect((await api.call({ path: '/projects', tenant: 'alpha' })).status).toBe(200);
  });

  it('who has its answer cancels nothing', async () => {
    for (let n = 0; n < 20; n += 1) {
      expect((await api.call({ path: '/projects', tenant: 'alpha' })).status).toBe(200);
    }
  });
});
