import { type Api, startApi } from './testing/api-harness.ts';

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

describe('the documentation', () => {
  it('is a page', async () => {
    const page = await api.call({ path: '/docs' });

    expect(page.status).toBe(200);
    expect(page.body).toContain('swagger-ui');
  });

  it('describes what is sent and what comes back', async () => {
    const { body } = await api.call({ path: '/docs-json' });

    const list = body.paths['/projects'].get;
    expect(list.parameters.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['limit', 'after', 'search', 'status', 'archived']),
    );
    const item = list.responses['200'].content['application/json'].schema.properties.items.items;
    expect(item.properties.archivedAt).toMatchObject({ nullable: true });
    expect(item.properties.createdAt).toMatchObject({ type: 'string', format: 'date-time' });
    const created = body.paths['/projects'].post;
    expect(created.requestBody.content['application/json'].schema.required).toEqual([
      'key',
      'name',
    ]);
    expect(Object.keys(created.responses)).toContain('201');
    expect(body.paths['/tenants'].get.security).toEqual([{ operator: [] }]);
    expect(list.security).toEqual([{ tenant: [] }]);
  });
});
