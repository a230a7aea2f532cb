import { type Answer, type Api, ONE, startApi } from '../testing/api-harness.ts';

let api: Api;
const tenant = 'alpha';

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const start = (key: string, more: object = {}) =>
  api.call({ path: '/projects', tenant, body: { key, name: `The ${key}`, ...more } });
const change = (path: string, body: object, ifMatch?: string) =>
  api.call({
    method: 'PATCH',
    path,
    tenant,
    body,
    headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
  });
const keysIn = (answer: Answer): string[] => answer.body.items.map(({ key }) => key);

describe('a project', () => {
  it('is started, with a place and a version', async () => {
    const answer = await start('APOLLO', {
      description: 'To the moon',
      settings: { color: '#ffffff' },
    });

    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ location: `/projects/${answer.body.id}`, etag: '"1"' });
    expect(answer.body).toEqual({
      id: expect.any(String) as string,
      key: 'APOLLO',
      name: 'The APOLLO',
      description: 'To the moon',
      status: 'active',
      archivedAt: null,
      settings: { color: '#ffffff' },
      openTaskCount: 0,
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      updatedAt: expect.any(String) as string,
    });
    expect((await api.call({ path: String(answer.headers['location']), tenant })).body).toEqual(
      answer.body,
    );
  });

  it('has a key of its own in the organisation, and only there', async () => {
    await start('GEMINI');

    expect(await start('GEMINI')).toMatchObject({
      status: 409,
      body: { code: 'project-key-taken' },
    });
    expect(
      await api.call({ path: '/projects', tenant: 'beta', body: { key: 'GEMINI', name: 'Twin' } }),
    ).toMatchObject({ status: 201 });
  });

  it('is changed at the version that was read, and not at an older one', async () => {
    const { headers } = await start('VOSTOK');
    const path = String(headers['location']);

    const first = await change(path, { name: 'First' }, String(headers['etag']));
    const stale = await change(path, { name: 'Second' }, String(headers['etag']));
    const blind = await change(path, { name: 'Third' });

    expect(first).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { name: 'First', version: 2 },
    });
    expect(stale).toMatchObject({ status: 412, body: { code: 'project-stale' } });
    expect(blind).toMatchObject({ status: 200, headers: { etag: '"3"' }, body: { name: 'Third' } });
  });

  it.each([
    ['*', 200],
    ['W/"1"', 412],
    ['"abc"', 412],
    ['"99999999999"', 412],
    ['1', 400],
    ['nonsense', 400],
  ])('changed if it matches %s answers %d', async (ifMatch, status) => {
    const { headers } = await start(`M${Math.trunc(Math.random() * 1e8)}`);

    expect((await change(String(headers['location']), { description: 'x' }, ifMatch)).status).toBe(
      status,
    );
  });

  it('of which two change one version at once is changed by one', async () => {
    const { headers } = await start('RACE');
    const path = String(headers['location']);

    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => change(path, { name }, '"1"')),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    expect((await api.call({ path, tenant })).body.version).toBe(2);
  });

  it('is archived when its tasks are done, takes none then, and comes back', async () => {
    const { headers } = await start('SALYUT');
    const path = String(headers['location']);
    await api.call({ path: `${path}/tasks`, tenant, body: { title: 'Land' } });

    expect(await change(path, { archived: true })).toMatchObject({
      status: 422,
      body: { code: 'project-has-open-tasks' },
    });
    await change(`${path}/tasks/1`, { status: 'done' });
    expect(await change(path, { archived: true })).toMatchObject({
      status: 200,
      body: { archivedAt: expect.any(String) as string },
    });

    expect(
      await api.call({ path: `${path}/tasks`, tenant, body: { title: 'Another' } }),
    ).toMatchObject({ status: 422, body: { code: 'project-archived' } });
    expect(keysIn(await api.call({ path: '/projects?limit=100', tenant }))).not.toContain('SALYUT');
    expect(keysIn(await api.call({ path: '/projects?archived=true', tenant }))).toContain('SALYUT');

    expect(await change(path, { archived: false, name: 'Back' })).toMatchObject({
      status: 200,
      body: { archivedAt: null, name: 'Back' },
    });
  });
});

describe('projects', () => {
  it('are found by words', async () => {
    await start('SKYLAB', { description: 'A workshop in orbit' });

    expect(keysIn(await api.call({ path: '/projects?search=orbit%20WORKSHOP', tenant }))).toEqual([
      'SKYLAB',
    ]);
    expect(keysIn(await api.call({ path: '/projects?search=orbit%20submarine', tenant }))).toEqual(
      [],
    );
    expect(keysIn(await api.call({ path: '/projects?search=%20&limit=1', tenant }))).toHaveLength(
      1,
    );
    expect(
      keysIn(
        await api.call({
          path: `/projects?search=${encodeURIComponent(`'; drop table project; --`)}`,
          tenant,
        }),
      ),
    ).toEqual([]);
    expect((await api.call({ path: `/projects/${ONE}`, tenant })).status).toBe(200);
  });

  it('are found by status', async () => {
    const { headers } = await start('MERCURY');
    await change(String(headers['location']), { status: 'on-hold' });

    expect(keysIn(await api.call({ path: '/projects?status=on-hold', tenant }))).toEqual([
      'MERCURY',
    ]);
  });
});
