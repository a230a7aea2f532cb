import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, slug } from '@tenantry/domain';
import { TenantContext, TransactionalService } from '@tenantry/persistence';
import { type Api, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';
import { labelValues, scrape } from '../testing/scrape.ts';

let api: Api;
const authorization = `Bearer ${OPERATOR_TOKEN}`;

beforeAll(async () => {
  api = await startApi({ TRUSTED_PROXIES: '10.0.0.7,127.0.0.1' });
});

afterAll(() => api.stop());

describe('the metrics', () => {
  it('are there for whoever is on this machine', async () => {
    const { status, headers, text } = await api.call({ path: '/metrics' });

    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('# TYPE db_client_operation_duration_seconds histogram');
  });

  it.each([
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-client-cert',
    'x-envoy-attempt-count',
    'forwarded',
    'via',
    'x-real-ip',
    'true-client-ip',
    'cf-connecting-ip',
  ])(
    'are not for somebody who comes by way of a proxy on this machine, which says so in %s',
    async (header) => {
      const headers = { [header]: '127.0.0.1' };

      expect(await api.call({ path: '/metrics', headers })).toMatchObject({
        status: 401,
        headers: { 'content-type': expect.stringContaining('application/problem+json') as string },
        body: { code: 'unauthenticated' },
      });
      expect(
        await api.call({ path: '/metrics', headers: { ...headers, authorization } }),
      ).toMatchObject({ status: 200 });
    },
  );

  it.each(['10.0.0.7', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1'])(
    'are for operators only from %s, whomever it says it speaks for',
    (address) =>
      comingFrom(address, async () => {
        const ask = (headers: Record<string, string>) => api.call({ path: '/metrics', headers });

        expect(await ask({})).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
        expect((await ask({ 'x-forwarded-for': '127.0.0.1' })).status).toBe(401);
        expect((await ask({ authorization })).status).toBe(200);
      }),
  );

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
    'know %s for this machine',
    (address) =>
      comingFrom(address, async () => {
        expect((await api.call({ path: '/metrics' })).status).toBe(200);
      }),
  );

  it('take no tenant’s word', async () => {
    const headers = { via: '1.1 proxy', 'x-tenant-id': 'alpha' };

    expect((await api.call({ path: '/metrics', headers })).status).toBe(401);
  });
});

describe('labels', () => {
  it('stay few, whatever two hundred tenants do and whoever asks for what', async () => {
    await visit(0);
    // On connections that have not been heard of for a second, on which BEGIN is sent by itself.
    await sleep(1_100);
    await visit(0);
    const before = await scrape(api);
    for (let number = 1; number <= 200; number += 8) {
      await Promise.all(Array.from({ length: 8 }, (_, more) => visit(number + more)));
    }
    const after = await scrape(api);

    for (const name of ['tenantry_tenant_queries_top', 'tenantry_tenant_database_seconds_top']) {
      expect(labelValues(after, name, 'tenant')).toHaveLength(10);
    }
    const isOfTenants = ({ name }: { name: string }): boolean => name.endsWith('_top');
    const seriesOf = (all: typeof after): string[] =>
      all
        .filter((each) => !isOfTenants(each) && !each.name.startsWith('nodejs_'))
        .map(({ name, labels }) => JSON.stringify({ name, ...labels }));
    expect(seriesOf(after)).toEqual(seriesOf(before));
    expect(labelValues(after, 'db_client_operation_duration_seconds_count', 'error_type')).toEqual(
      expect.arrayContaining(['', 'other']),
    );
    expect(
      labelValues(after, 'http_server_request_duration_seconds_count', 'http_request_method'),
    ).toContain('_OTHER');
    expect(
      labelValues(after, 'http_server_request_duration_seconds_count', 'http_route'),
    ).toContain('/projects/:id');
  });
});

/** As if the peer of each connection were there. */
async function comingFrom(address: string, work: () => Promise<void>): Promise<void> {
  const sockets = new Set<object>();
  const pretend = ({ socket }: IncomingMessage): void => {
    sockets.add(socket);
    Object.defineProperty(socket, 'remoteAddress', { value: address, configurable: true });
  };
  const server = api.api.getHttpServer();
  server.prependListener('request', pretend);
  await work();
  server.off('request', pretend);
  sockets.forEach((socket) => Reflect.deleteProperty(socket, 'remoteAddress'));
}

/** Whatever could be a label, each time another one. */
async function visit(number: number): Promise<void> {
  const tenant = { id: newId<'Tenant'>(), slug: slug(`visitor-${number}`), schema: 'shared' };
  const letters = String(number).replace(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));
  const sqlstate = `Z${String(number).padStart(4, '0')}`;
  await api.api.get(TenantContext).run(tenant, async () => {
    const run = (sql: string): Promise<unknown> =>
      api.api.get(TransactionalService).run((entityManager) => entityManager.execute(sql));
    await run(`select ${number}`);
    await run(`do $$ begin raise exception using errcode = '${sqlstate}'; end $$`).catch(() => 0);
    await run(`mistake${letters}`).catch(() => 0);
  });
  await api.call({ path: `/nowhere/${number}`, tenant: 'alpha' });
  await api.call({ path: `/projects/${newId()}?search=${number}`, tenant: 'alpha' });
  await api.call({ path: '/projects', tenant: `nobody-${number}` });
  await api.call({ path: '/projects', method: 'PROPFIND' });
}
