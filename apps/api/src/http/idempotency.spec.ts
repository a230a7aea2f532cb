import { type Answer, type Api, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';

let api: Api;

beforeAll(async () => {
  api = await startApi({ DB_POOL_MAX: '5' });
});

afterAll(() => api.stop());

const post = (
  path: string,
  body: object,
  key?: string,
  tenant = 'alpha',
  headers: Record<string, string> = {},
): Promise<Answer> =>
  api.call({
    path,
    tenant,
    body,
    headers: { ...headers, ...(key !== undefined && { 'idempotency-key': key }) },
  });
const join = (name: string, key?: string, tenant?: string): Promise<Answer> =>
  post('/members', { email: `${name}@example.com`, name }, key, tenant);
const membersCalled = async (name: string, tenant = 'alpha'): Promise<number> => {
  const { body } = await api.call({ path: '/members?limit=100', tenant });
  return body.items.filter((member) => member.name === name).length;
};

describe('a request that is sent again with its Idempotency-Key', () => {
  it.each([
    ['/members', { email: 'bob@example.com', name: 'Bob' }],
    ['/projects', { key: 'APOLLO', name: 'Apollo' }],
    ['/projects/01900000-0000-7000-8000-000000000021/tasks', { title: 'Once' }],
  ])('to %s is answered the same, to the letter, and done once', async (path, body) => {
    const first = await post(path, body, `once ${path}`.replaceAll(' ', '-'));
    const second = await post(path, body, `once ${path}`.replaceAll(' ', '-'));

    expect(first.status).toBe(201);
    expect(second.status).toBe(201);
    expect(second.text).toBe(first.text);
    for (const name of ['location', 'etag', 'content-type']) {
      expect(second.headers[name]).toBe(first.headers[name]);
    }
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
  });

  it('is the same in quotes, and with its properties in another order', async () => {
    const first = await join('carol', 'carols-key');
    const second = await post(
      '/members',
      { name: 'carol', email: 'carol@example.com' },
      '"carols-key"',
    );

    expect(second.text).toBe(first.text);
    expect(await membersCalled('carol')).toBe(1);
  });

  it.each<[string, string, object]>([
    ['another body', '/members', { email: 'dave@example.com', name: 'Another' }],
    ['another path', '/projects', { key: 'DAVE', name: 'dave' }],
  ])('but with %s is refused', async (_what, path, body) => {
    await join('dave', 'daves-key');

    expect(await post(path, body, 'daves-key')).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
    expect(await membersCalled('Another')).toBe(0);
  });

  it('is asked for in a body of reasonable depth', async () => {
    const depth = 1_000;
    const extra = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as object;

    const { status, text } = await post(
      '/members',
      { email: 'eve@example.com', name: 'eve', extra },
      'deep',
    );

    expect(status).toBe(400);
    expect(text).toContain('nested');
  });

  it('is another one in another tenant', async () => {
    const own = await join('erin', 'erins-key');
    const other = await join('erin', 'erins-key', 'beta');

    expect(other.status).toBe(201);
    expect(other.body.id).not.toBe(own.body.id);
    expect(await membersCalled('erin', 'beta')).toBe(1);
  });

  it('after it was refused is done', async () => {
    await join('frank');
    expect(await join('frank', 'franks-key')).toMatchObject({ status: 409 });
    const { body } = await api.call({ path: '/members?limit=100', tenant: 'alpha' });
    const frank = body.items.find(({ name }) => name === 'frank');
    await api.call({ method: 'DELETE', path: `/members/${frank!.id}`, tenant: 'alpha' });

    expect(await join('frank', 'franks-key')).toMatchObject({ status: 201 });
  });

  it('fifty times at once is done once, and answered the same fifty times', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => join('grace', 'graces-key')),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(
      answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true'),
    ).toHaveLength(49);
    expect(await membersCalled('grace')).toBe(1);
  });

  it('fifty times at once without a key is not: here it is the address that is unique', async () => {
    const path = `/projects/01900000-0000-7000-8000-000000000021/tasks`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post(path, { title: 'Ten times' })),
    );

    expect(new Set(answers.map(({ body }) => body.number)).size).toBe(10);
  });

  it.each(['', ' ', 'a b', 'ü', '"', 'x'.repeat(256)])(
    'whose key is %j is refused',
    async (key) => {
      expect(await join('heidi', key)).toMatchObject({
        status: 400,
        body: { code: 'invalid-Idempotency-Key-header' },
      });
      expect(await membersCalled('heidi')).toBe(0);
    },
  );

  it('by an operator is the same tenant by itself', async () => {
    const register = (): Promise<Answer> =>
      api.call({
        path: '/tenants',
        body: { slug: 'hooli', name: 'Hooli' },
        headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'idempotency-key': 'hooli' },
      });

    const first = await register();
    expect((await register()).body.id).toBe(first.body.id);
  });
});
