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
    expect(page.text).toContain('swagger-ui');
  });

  it('describes what is sent and what comes back', async () => {
    const { paths } = JSON.parse((await api.call({ path: '/docs-json' })).text) as Document;

    const list = paths['/projects']!.get!;
    expect(list.parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['limit', 'after', 'search', 'status', 'archived']),
    );
    expect(list.security).toEqual([{ token: [] }, { tenant: [] }]);
    expect(list.responses['200']!.content['application/json'].schema.properties).toMatchObject({
      nextCursor: { nullable: true },
      items: {
        items: {
          properties: {
            archivedAt: { nullable: true },
            createdAt: { type: 'string', format: 'date-time' },
          },
        },
      },
    });
    const { requestBody, responses } = paths['/projects']!.post!;
    expect(requestBody.content['application/json'].schema.required).toEqual(['key', 'name']);
    expect(Object.keys(responses)).toContain('201');
    expect(paths['/tenants']!.get!.security).toEqual([{ operator: [] }]);
    const registration = paths['/tenants']!.post!;
    expect(Object.keys(registration.responses).toSorted()).toEqual(['201', '202']);
    expect(registration.parameters.map(({ name }) => name)).toEqual(['prefer']);
    expect(registration.requestBody.content['application/json'].schema.required).toEqual([
      'slug',
      'name',
      'isolation',
    ]);
    expect(Object.keys(paths['/tenants/{id}']!.delete!.responses)).toEqual(['202']);
  });
});

interface Content {
  readonly content: {
    readonly 'application/json': {
      readonly schema: { readonly properties: object; readonly required: readonly string[] };
    };
  };
}

interface Operation {
  readonly parameters: readonly { readonly name: string }[];
  readonly requestBody: Content;
  readonly responses: Readonly<Record<string, Content>>;
  readonly security: readonly object[];
}

interface Document {
  readonly paths: Readonly<Record<string, Partial<Record<'get' | 'post' | 'delete', Operation>>>>;
}
