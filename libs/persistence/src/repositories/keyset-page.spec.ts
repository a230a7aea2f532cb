import { email, Member } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
  for (const tenant of [acme, globex]) {
    await persistence.as(tenant, async () => {
      for (let i = 1; i <= 5; i++) {
        persistence.members.add(
          new Member({ email: email(`m${i}@example.com`), name: `${tenant.slug} ${i}` }),
        );
      }
    });
  }
});

afterAll(() => persistence.stop());

describe('a list that is read page by page', () => {
  it('has everything of the tenant’s once, in the order of creation', async () => {
    const pages = await persistence.context.run(acme, async () => {
      const first = await persistence.members.page({ limit: 2 });
      const second = await persistence.members.page({ limit: 2, after: first.next! });
      const third = await persistence.members.page({ limit: 2, after: second.next! });
      return [first, second, third];
    });

    expect(pages.map(({ items }) => items.map(({ name }) => name))).toEqual([
      ['acme 1', 'acme 2'],
      ['acme 3', 'acme 4'],
      ['acme 5'],
    ]);
    expect(pages.at(-1)?.next).toBeNull();
  });

  it('has no next page when the last one is just full', async () => {
    const page = await persistence.context.run(acme, () => persistence.members.page({ limit: 5 }));

    expect(page.items).toHaveLength(5);
    expect(page.next).toBeNull();
  });

  it('is read by key, with the tenant first', async () => {
    const { next } = await persistence.context.run(acme, () =>
      persistence.members.page({ limit: 2 }),
    );

    const queries = await persistence.queriesOf(() =>
      persistence.context.run(acme, () => persistence.members.page({ limit: 2, after: next! })),
    );

    expect(queries).toContain(
      'select "m0"."tenant_id", "m0"."id", "m0"."created_at", "m0"."updated_at", "m0"."email", "m0"."name" ' +
        'from "shared"."member" as "m0" where "m0"."tenant_id" = ? and "m0"."id" > ? order by "m0"."id" asc limit ?',
    );
  });
});
