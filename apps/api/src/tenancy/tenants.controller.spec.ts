import {
  type Answer,
  type Api,
  type Call,
  OPERATOR_TOKEN,
  startAnother,
  startApi,
} from '../testing/api-harness.ts';
import { until } from '../testing/until.ts';

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const authorization = `Bearer ${OPERATOR_TOKEN}`;
const asOperator = ({ headers, ...call }: Call): Promise<Answer> =>
  api.call({ ...call, headers: { authorization, ...headers } });
const register = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  asOperator({ path: '/tenants', body, headers });
const change = (id: string, what: string): Promise<Answer> =>
  asOperator({ method: 'POST', path: `/tenants/${id}/${what}` });
const one = async (id: string): Promise<unknown> =>
  (await asOperator({ path: `/tenants/${id}` })).body;

describe('a request for a tenant', () => {
  it('is accepted, with the place where to ask', async () => {
    const answer = await register({ slug: 'hooli', name: 'Hooli', isolation: 'schema' });

    expect(answer).toMatchObject({
      status: 202,
      headers: { location: `/tenants/${answer.body.id}` },
      body: {
        slug: 'hooli',
        status: 'provisioning',
        isolation: 'schema',
        operation: { kind: 'provision', step: 'catalog', status: 'pending', error: null },
      },
    });
    expect(answer.headers).not.toHaveProperty('preference-applied');
    expect((await api.call({ path: '/projects', tenant: 'hooli' })).status).toBe(404);

    await api.provision();

    expect(await one(answer.body.id)).toMatchObject({
      status: 'active',
      operation: { status: 'done' },
    });
    expect(await register({ slug: 'hooli', name: 'Hooli', isolation: 'schema' })).toMatchObject({
      status: 201,
      body: { id: answer.body.id },
    });
  });

  it('that would rather wait is answered when it is there', async () => {
    const answer = register(
      { slug: 'waiting', name: 'Waiting', isolation: 'shared' },
      { prefer: 'respond-async, wait=10' },
    );
    await until(async () => (await api.provision()).length > 0);

    expect(await answer).toMatchObject({
      status: 201,
      headers: { 'preference-applied': 'wait=10', location: expect.any(String) as string },
      body: { status: 'active' },
    });
  });

  it('does not wait for longer than it said', async () => {
    const answer = await register(
      { slug: 'patient', name: 'Patient', isolation: 'shared' },
      { prefer: 'wait=1' },
    );

    expect(answer).toMatchObject({ status: 202, headers: { 'preference-applied': 'wait=1' } });
    await api.provision();
  });

  it('twice at once makes one tenant', async () => {
    const body = { slug: 'twice', name: 'Twice', isolation: 'schema' };

    const answers = await Promise.all(Array.from({ length: 5 }, () => register(body)));

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
    await api.provision();
    const { body: list } = await asOperator({ path: '/tenants?limit=100' });
    expect(list.items.filter(({ slug }) => slug === 'twice')).toHaveLength(1);
  });

  it.each([
    ['a taken slug, otherwise', { slug: 'alpha', name: 'Other', isolation: 'shared' }, 409],
    ['no isolation', { slug: 'x', name: 'X' }, 400],
    ['a slug that is none', { slug: 'A b', name: 'X', isolation: 'shared' }, 400],
    ['a schema', { slug: 'x', name: 'X', isolation: 'schema', schema: 'shared' }, 400],
    ['an empty name', { slug: 'x', name: ' ', isolation: 'shared' }, 400],
  ])('with %s is refused', async (_what, body, status) => {
    expect((await register(body)).status).toBe(status);
  });

  it('is for operators', async () => {
    const call = { path: '/tenants', body: { slug: 'x', name: 'X', isolation: 'shared' } };

    expect((await api.call({ ...call, tenant: 'alpha' })).status).toBe(401);
  });
});

describe('a suspended tenant', () => {
  it('is refused by every process within two seconds', async () => {
    const another = await startAnother(api);
    const asked = { path: '/projects', tenant: 'beta' };
    const statuses = async (): Promise<number[]> =>
      (await Promise.all([api.call(asked), another.call(asked)])).map(({ status }) => status);
    expect(await statuses()).toEqual([200, 200]);

    await change(api.tenants.beta.id, 'suspend');
    await until(async () => (await statuses()).every((status) => status === 403));

    await change(api.tenants.beta.id, 'resume');
    await until(async () => (await statuses()).every((status) => status === 200));
    await another.stop();
  });
});

describe('a tenant that is deleted', () => {
  it('goes by way of suspended and archived, is answered like one that was never there, and says what is left', async () => {
    const { id } = api.tenants.alpha;
    const remove = (): Promise<Answer> => asOperator({ method: 'DELETE', path: `/tenants/${id}` });
    expect((await remove()).status).toBe(422);
    await change(id, 'suspend');
    expect((await remove()).status).toBe(422);
    expect(await change(id, 'archive')).toMatchObject({
      status: 200,
      body: { status: 'archived' },
    });
    await until(
      async () => (await api.call({ path: '/projects', tenant: 'alpha' })).status === 404,
    );

    expect(await remove()).toMatchObject({
      status: 202,
      headers: { location: `/tenants/${id}` },
      body: { status: 'archived', operation: { kind: 'delete', status: 'pending' } },
    });
    expect((await remove()).status).toBe(202);
    await api.provision();

    expect(await one(id)).toMatchObject({
      status: 'deleted',
      name: 'deleted',
      isolation: null,
      operation: {
        status: 'done',
        report: { rowsLeft: { member: 0, project: 0, task: 0 } },
      },
    });
    expect((await change(id, 'resume')).status).toBe(422);
    const nobody = await api.call({ path: '/projects', tenant: 'nobody' });
    for (const tenant of ['alpha', id]) {
      const gone = await api.call({ path: '/projects', tenant });
      expect({ ...gone.body, requestId: '' }).toEqual({ ...nobody.body, requestId: '' });
    }
    expect((await api.call({ path: '/projects', tenant: 'gamma' })).body.items).toHaveLength(1);
  });
});
