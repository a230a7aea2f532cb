import { type Answer, type Api, ONE, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';
import { bearer, tenantToken } from '../testing/tenant-token.ts';
import { until } from '../testing/until.ts';

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const projects = '/projects';
const nameIn = (answer: Answer): string[] => answer.body.items.map(({ name }) => name);

describe('a request that names its tenant', () => {
  it.each(['alpha', 'beta', 'gamma'])(
    '%s in a header gets what is that tenant’s',
    async (tenant) => {
      const answer = await api.call({ path: projects, tenant });

      expect(answer.status).toBe(200);
      expect(nameIn(answer)).toEqual([`One of ${tenant}`]);
      expect(answer.body.nextCursor).toBeNull();
    },
  );

  it.each(['alpha.localhost', 'ALPHA.localhost:3000', 'alpha.localhost.'])(
    'by the host name %s gets its own',
    async (host) => {
      expect(nameIn(await api.call({ path: projects, host }))).toEqual(['One of alpha']);
    },
  );

  it('by id gets its own', async () => {
    expect(nameIn(await api.call({ path: projects, tenant: api.tenants.beta.id }))).toEqual([
      'One of beta',
    ]);
  });

  it('by host gets its own, whatever the header says', async () => {
    const answer = await api.call({ path: projects, host: 'alpha.localhost', tenant: 'beta' });

    expect(nameIn(answer)).toEqual(['One of alpha']);
  });
});

describe('a request that names none', () => {
  it.each(['127.0.0.1', 'localhost', 'localhost:3000', 'unknown.example'])(
    'at %s is told so',
    async (host) => {
      const answer = await api.call({ path: projects, host });

      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ status: 400, title: 'Bad Request', code: 'no-tenant' });
    },
  );
});

describe('a token that is not valid', () => {
  it.each([
    [
      'signed by someone else',
      () => tenantToken({ tenant: 'alpha' }, 'some other secret of enough length'),
    ],
    ['garbage', () => Promise.resolve('garbage')],
    ['nothing', () => Promise.resolve('')],
    ['the operators’', () => Promise.resolve(OPERATOR_TOKEN)],
  ])('%s is refused, even with a header beside it', async (_how, make) => {
    const answer = await api.call({
      path: projects,
      tenant: 'alpha',
      headers: bearer(await make()),
    });

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('is not looked at where tokens are not asked for', async () => {
    const withoutTokens = await startApi({ TENANT_RESOLVERS: 'host,header' });
    const headers = bearer(await tenantToken({ tenant: 'alpha' }));

    const byToken = await withoutTokens.call({ path: projects, headers });
    const byHost = await withoutTokens.call({
      path: projects,
      headers: bearer(OPERATOR_TOKEN),
      host: 'beta.localhost',
    });

    await withoutTokens.stop();
    expect(byToken).toMatchObject({ status: 400, body: { code: 'no-tenant' } });
    expect(nameIn(byHost)).toEqual(['One of beta']);
  });
});

describe('in production', () => {
  it('a header names nobody, unless it is asked for by name', async () => {
    const production = { NODE_ENV: 'production', DB_ALLOW_OLD_SERVER: 'true' };
    const cautious = await startApi(production);
    const told = await startApi({ ...production, TENANT_RESOLVERS: 'header' });

    const refused = await cautious.call({ path: projects, tenant: 'alpha' });
    const served = await told.call({ path: projects, tenant: 'alpha' });

    await cautious.stop();
    await told.stop();
    expect(refused).toMatchObject({ status: 400, body: { code: 'no-tenant' } });
    expect(nameIn(served)).toEqual(['One of alpha']);
  });
});

describe('another tenant’s row', () => {
  it('is missing like one that nobody has', async () => {
    const { body: mine } = await api.call({
      path: '/projects',
      tenant: 'alpha',
      body: { key: 'MINE', name: 'Mine' },
    });

    const foreign = await api.call({ path: `/projects/${mine.id}`, tenant: 'beta' });
    const nobodys = await api.call({
      path: '/projects/01900000-0000-7000-8000-0000000000ee',
      tenant: 'beta',
    });

    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...nobodys.body, requestId: '' });
  });

  it('of the same id is left alone', async () => {
    await api.call({
      method: 'PATCH',
      path: `/projects/${ONE}`,
      tenant: 'alpha',
      body: { name: 'Changed' },
    });

    expect((await api.call({ path: `/projects/${ONE}`, tenant: 'beta' })).body.name).toBe(
      'One of beta',
    );
    expect((await api.call({ path: `/projects/${ONE}`, tenant: 'gamma' })).body.name).toBe(
      'One of gamma',
    );
  });
});

describe('operators', () => {
  const authorization = `Bearer ${OPERATOR_TOKEN}`;

  it.each([undefined, 'Bearer wrong', 'Basic abc', 'Bearer '])('with %j are not', async (shown) => {
    const answer = await api.call({
      path: '/tenants',
      headers: shown === undefined ? {} : { authorization: shown },
    });

    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('are not who shows a tenant’s token, whatever it claims', async () => {
    const headers = bearer(
      await tenantToken({ tenant: 'alpha', role: 'operator', operator: true }),
    );

    for (const path of ['/tenants', `/tenants/${api.tenants.alpha.id}`, '/health/database']) {
      expect((await api.call({ path, headers })).status).toBe(401);
    }
    expect(
      await api.call({ method: 'POST', path: `/tenants/${api.tenants.beta.id}/suspend`, headers }),
    ).toMatchObject({ status: 401 });
  });

  it('list and read tenants', async () => {
    const list = await api.call({ path: '/tenants?limit=2', headers: { authorization } });
    const rest = await api.call({
      path: `/tenants?limit=2&after=${list.body.nextCursor}`,
      headers: { authorization },
    });
    const one = await api.call({
      path: `/tenants/${api.tenants.gamma.id}`,
      headers: { authorization },
    });

    expect(list.body.items.map(({ slug }) => slug)).toEqual(['alpha', 'beta']);
    expect(rest.body).toMatchObject({ items: [{ slug: 'gamma' }], nextCursor: null });
    expect(one.body).toMatchObject({ slug: 'gamma', status: 'active', plan: 'free', domain: null });
    expect(one.body).not.toHaveProperty('placement');
  });

  it('suspend a tenant, which is refused within two seconds, and resume it', async () => {
    const path = `/tenants/${api.tenants.beta.id}`;
    expect(
      await api.call({ method: 'POST', path: `${path}/suspend`, headers: { authorization } }),
    ).toMatchObject({ status: 200, body: { status: 'suspended' } });
    await until(async () => (await api.call({ path: projects, tenant: 'beta' })).status === 403);
    expect(await api.call({ path: projects, tenant: 'beta' })).toMatchObject({
      body: { code: 'tenant-suspended' },
    });

    expect(
      await api.call({ method: 'POST', path: `${path}/suspend`, headers: { authorization } }),
    ).toMatchObject({ status: 422, body: { code: 'tenant-status' } });

    await api.call({ method: 'POST', path: `${path}/resume`, headers: { authorization } });
    await until(async () => (await api.call({ path: projects, tenant: 'beta' })).status === 200);
  });

  it('are told when there is no such tenant', async () => {
    const path = '/tenants/01900000-0000-7000-8000-0000000000ff/suspend';

    expect(await api.call({ method: 'POST', path, headers: { authorization } })).toMatchObject({
      status: 404,
    });
  });
});
