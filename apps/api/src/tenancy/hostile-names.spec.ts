import { EntityManager } from '@mikro-orm/postgresql';
import { TenantContext } from '@tenantry/persistence';
import { type Answer, type Api, startApi } from '../testing/api-harness.ts';
import { LogRecorder } from '../testing/log-recorder.ts';
import { addTenant } from '../testing/more-tenants.ts';
import { bearer, tenantToken } from '../testing/tenant-token.ts';

const path = '/projects';
let api: Api;
let log: LogRecorder;
let schemas: string[];

beforeAll(async () => {
  api = await startApi();
  log = LogRecorder.of(api);
  await addTenant(api, 'unready', 'provisioning');
  schemas = await schemasThere();
});

afterAll(() => api.stop());

function schemasThere(): Promise<string[]> {
  return api.api.get(TenantContext).runAsOperator('test', () =>
    api.api.get(EntityManager).transactional(async (entityManager) => {
      const rows = await entityManager.execute<{ nspname: string }[]>(
        'select nspname from pg_namespace order by nspname',
      );
      return rows.map(({ nspname }) => nspname);
    }),
  );
}

const byHeader = (name: string): Promise<Answer> => api.call({ path, tenant: latin1(name) });
const byHost = (name: string): Promise<Answer> =>
  api.call({ path, host: `${latin1(name)}.localhost` });
const byClaim = async (name: string): Promise<Answer> =>
  api.call({ path, headers: bearer(await tenantToken({ tenant: name })) });

/** Node sends headers as Latin-1, and would refuse anything else: these are the bytes that others send. */
function latin1(name: string): string {
  return Buffer.from(name).toString('latin1');
}

const hostile = [
  `t1'; set app.tenant_id = '00000000-0000-0000-0000-000000000000`,
  `alpha'; create schema evil; --`,
  `alpha' or '1'='1`,
  '../alpha',
  '..%2falpha',
  'alpha/../beta',
  '%00',
  'alpha%00',
  'alphа',
  'αlpha',
  'ａlpha',
  'alpha\u200b',
  'a'.repeat(64),
  'a'.repeat(4_000),
  'Nobody',
  'nobody.',
  '-alpha',
  'alpha-',
  'alpha_',
  'alpha alpha',
  'alpha,beta',
  'xn--lpha-53d',
  '$(id)',
  '{"slug":"alpha"}',
  'alpha.beta',
  '-',
  'shared',
  'catalog',
  'public',
  'pg_catalog',
  'undefined',
  'null',
  '__proto__',
  '*',
  '01900000-0000-7000-8000-0000000000ff',
  '01900000-0000-7000-8000-0000000000ff; drop schema shared',
];

describe('a hostile name', () => {
  it.each(hostile)('such as %j is nobody’s, in a header, a host and a claim', async (name) => {
    for (const answer of [await byHeader(name), await byHost(name), await byClaim(name)]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'tenant-not-found' } });
    }
  });

  it.each(['Alpha', 'alpha.', ' alpha\u00a0'])(
    'such as %j is nobody’s, in a header and a claim',
    async (name) => {
      expect((await byHeader(name)).status).toBe(404);
      expect((await byClaim(name)).status).toBe(404);
    },
  );

  it.each(['', 'alpha\u0000', '\u0000', 'alpha\n', '\ud800', `alpha\r\nx-tenant-id: beta`])(
    'such as %j is nobody’s in a claim, where it can be written',
    async (name) => {
      expect((await byClaim(name)).status).toBe(404);
    },
  );

  it.each([['alpha'], 1, true, null, { slug: 'alpha' }, undefined])(
    'that is no text, such as %j, is refused in a claim',
    async (tenant) => {
      const headers = bearer(await tenantToken({ tenant }));

      expect((await api.call({ path, headers, tenant: 'alpha' })).status).toBe(401);
    },
  );

  it('is in no statement’s text', () => {
    const statements = log.debugLines.map(({ query }) => query ?? '');

    expect(statements.length).toBeGreaterThan(hostile.length);
    expect(statements.filter((text) => /evil|1'='1|shared;|nobody|xn--/.test(text))).toEqual([]);
  });

  it('leaves no schema behind', async () => {
    expect(await schemasThere()).toEqual(schemas);
  });
});

describe('names that are unknown, malformed or not ready', () => {
  /** Each is used for the first time in a header, so that nothing of it is in memory. */
  const names = [
    'never-heard-of',
    `Not a name'`,
    '../name',
    'unready',
    '01900000-0000-7000-8000-00000000abcd',
  ];

  it('get the same answer', async () => {
    const answers = await Promise.all([...names.map(byHeader), ...names.map(byHost)]);

    const told = answers.map(({ status, body, headers }) => ({
      status,
      body: { ...body, requestId: '' },
      headers: Object.keys(headers),
      bytes: headers['content-length'],
    }));
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]).toMatchObject({
      status: 404,
      body: {
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        code: 'tenant-not-found',
        detail: 'There is no such tenant.',
      },
    });
  });

  it('cost the same: the catalog is asked once, and then not for a while', async () => {
    await forgotten();
    for (const name of names) {
      expect([name, await log.lookUpsOf(() => byHeader(name))]).toEqual([name, 1]);
      expect([name, await log.lookUpsOf(() => byHeader(name))]).toEqual([name, 0]);
    }
  });

  it('cost the same beside a token', async () => {
    await forgotten();
    for (const tenant of [...names, 'beta']) {
      const headers = bearer(await tenantToken({ tenant: 'alpha' }));
      await api.call({ path, headers });
      const lookUps = await log.lookUpsOf(() => api.call({ path, headers, tenant }));
      expect([tenant, lookUps]).toEqual([tenant, 1]);
    }
  });

  it('as domains are nobody’s, like the installation’s own', async () => {
    for (const host of ['unready.example', 'nobody.example']) {
      expect(await api.call({ path, host })).toMatchObject({
        status: 400,
        body: { code: 'no-tenant' },
      });
    }
  });

  /** The directory gives its answers again for a second. */
  function forgotten(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1_100));
  }
});
