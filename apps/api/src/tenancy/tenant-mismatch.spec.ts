import type { Tenant } from '@tenantry/domain';
import { type Answer, type Api, type Call, startApi } from '../testing/api-harness.ts';
import { LogRecorder } from '../testing/log-recorder.ts';
import { addTenant, suspend } from '../testing/more-tenants.ts';
import { bearer, tenantToken } from '../testing/tenant-token.ts';

let api: Api;
let log: LogRecorder;
let delta: Tenant;

beforeAll(async () => {
  api = await startApi();
  log = LogRecorder.of(api);
  delta = await addTenant(api, 'delta', 'active');
  await addTenant(api, 'unready', 'provisioning');
  await suspend(api, await addTenant(api, 'epsilon', 'active'));
});

afterAll(() => api.stop());

async function callAs(claim: string, call: Partial<Call>): Promise<Answer> {
  const headers = bearer(await tenantToken({ tenant: claim }));
  return api.call({ path: '/projects', headers, ...call });
}

describe('a token beside a host or a header that mean the same tenant', () => {
  it('is served, whichever names they use', async () => {
    const { alpha } = api.tenants;

    for (const claim of ['alpha', alpha.id, alpha.id.toUpperCase()]) {
      const answer = await callAs(claim, { host: 'ALPHA.localhost.:80', tenant: alpha.id });
      expect(answer.body.items).toMatchObject([{ name: 'One of alpha' }]);
    }
    expect((await callAs(delta.id, { host: 'delta.example', tenant: 'delta' })).status).toBe(200);
  });

  it('is served at a host that is no tenant’s', async () => {
    expect((await callAs('alpha', { host: 'api.unknown.example' })).status).toBe(200);
    expect((await callAs('alpha', { host: 'localhost' })).status).toBe(200);
  });

  it('is not found when nobody has that name', async () => {
    expect((await callAs('gone', { host: 'gone.localhost', tenant: 'gone' })).status).toBe(404);
  });
});

describe('a token beside a host or a header that mean another tenant', () => {
  const others: [string, Partial<Call>][] = [
    ['a header', { tenant: 'beta' }],
    ['a host', { host: 'beta.localhost' }],
    ['a domain', { host: 'delta.example' }],
    ['a header that nobody has', { tenant: 'nobody' }],
    ['a header that nobody can have', { tenant: '../alpha' }],
    ['a host that nobody has', { host: 'nobody.localhost' }],
    ['a tenant that is not ready', { tenant: 'unready' }],
    ['a tenant that is suspended', { tenant: 'epsilon' }],
    ['a header, with a host that agrees', { host: 'alpha.localhost', tenant: 'beta' }],
  ];

  it.each(others)('by %s is refused, in the same words', async (_what, call) => {
    const answer = await callAs('alpha', call);

    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      code: 'tenant-mismatch',
      detail: 'The token is for another tenant than the one that is asked for.',
      requestId: expect.any(String) as string,
    });
  });

  it('is refused for a name that nobody has, too', async () => {
    expect((await callAs('nobody', { tenant: 'alpha' })).status).toBe(403);
    expect((await callAs('nobody', { host: 'alpha.localhost' })).status).toBe(403);
  });

  it('is logged with both names, cut to a readable length, and without the token', async () => {
    log.warnings.length = 0;

    await callAs('alpha', { host: 'beta.localhost:3000' });
    await callAs('alpha', { tenant: 'x'.repeat(1_000) });

    expect(log.warnings).toEqual([
      { msg: 'tenant-mismatch', token: 'alpha', host: 'beta.localhost:3000' },
      { msg: 'tenant-mismatch', token: 'alpha', header: 'x'.repeat(100) },
    ]);
  });
});

describe('a token for a tenant that is not served', () => {
  it('is refused while it is suspended, and finds nothing while it is not ready', async () => {
    expect(await callAs('epsilon', {})).toMatchObject({
      status: 403,
      body: { code: 'tenant-suspended' },
    });
    expect(await callAs('unready', {})).toMatchObject({
      status: 404,
      body: { code: 'tenant-not-found' },
    });
  });
});

describe('a token that is asked for last', () => {
  it('is still contradicted by nobody', async () => {
    const headerFirst = await startApi({ TENANT_RESOLVERS: 'header,host,token' });
    const headers = bearer(await tenantToken({ tenant: 'alpha' }));

    const agreed = await headerFirst.call({ path: '/projects', tenant: 'alpha', headers });
    const contradicted = await headerFirst.call({ path: '/projects', tenant: 'beta', headers });
    const forged = await headerFirst.call({
      path: '/projects',
      tenant: 'alpha',
      headers: bearer('forged'),
    });

    await headerFirst.stop();
    expect([agreed.status, contradicted.status, forged.status]).toEqual([200, 403, 401]);
  });
});
