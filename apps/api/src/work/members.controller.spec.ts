import { ADA, type Api, startApi } from '../testing/api-harness.ts';

let api: Api;
const tenant = 'alpha';

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

describe('members', () => {
  it('join, are read, renamed and removed', async () => {
    const added = await api.call({
      path: '/members',
      tenant,
      body: { email: ' Bob@Example.com ', name: ' Bob ' },
    });
    expect(added).toMatchObject({ status: 201, body: { email: 'Bob@Example.com', name: 'Bob' } });
    const path = String(added.headers['location']);
    expect(path).toBe(`/members/${added.body.id}`);

    expect((await api.call({ path, tenant })).body).toEqual(added.body);

    const renamed = await api.call({ method: 'PATCH', path, tenant, body: { name: 'Robert' } });
    expect(renamed).toMatchObject({ status: 200, body: { id: added.body.id, name: 'Robert' } });

    expect(await api.call({ method: 'DELETE', path, tenant })).toMatchObject({
      status: 204,
      text: '',
    });
    expect(await api.call({ path, tenant })).toMatchObject({
      status: 404,
      body: { code: 'member-not-found' },
    });
  });

  it('are listed page by page', async () => {
    for (const name of ['Carol', 'Dave', 'Erin']) {
      await api.call({
        path: '/members',
        tenant: 'gamma',
        body: { email: `${name}@example.com`, name },
      });
    }

    const first = await api.call({ path: '/members?limit=3', tenant: 'gamma' });
    const second = await api.call({
      path: `/members?limit=3&after=${first.body.nextCursor}`,
      tenant: 'gamma',
    });

    const names = [first, second].map(({ body }) => body.items.map(({ name }) => name));
    expect(names).toEqual([['Ada of gamma', 'Carol', 'Dave'], ['Erin']]);
    expect(second.body.nextCursor).toBeNull();
  });

  it('have an address that nobody else in the organisation has', async () => {
    const again = await api.call({
      path: '/members',
      tenant,
      body: { email: 'ADA@example.com', name: 'Another Ada' },
    });

    expect(again).toMatchObject({ status: 409, body: { code: 'email-taken' } });
  });

  it('cannot be removed while tasks are theirs', async () => {
    const answer = await api.call({ method: 'DELETE', path: `/members/${ADA}`, tenant });

    expect(answer).toMatchObject({ status: 409, body: { code: 'member-has-tasks' } });
    expect((await api.call({ path: `/members/${ADA}`, tenant })).status).toBe(200);
  });
});
