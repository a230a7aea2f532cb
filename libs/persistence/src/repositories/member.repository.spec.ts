import { Conflict, email, Member } from '@tenantry/domain';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

const join = (address: string, name = 'Someone'): Promise<void> => {
  persistence.members.add(new Member({ email: email(address), name }));
  return Promise.resolve();
};

describe('an e-mail address', () => {
  it('can be a member’s of several tenants', async () => {
    for (const tenant of tenants) {
      await persistence.as(tenant, () => join('Ada@Example.com', tenant.slug));
    }

    for (const tenant of tenants) {
      const found = await persistence.as(tenant, () =>
        persistence.members.findByEmail(email('ada@example.COM')),
      );
      expect(found).toMatchObject({ name: tenant.slug, email: 'Ada@Example.com' });
    }
  });

  it.each([acme, initech])(
    'is one member’s only within $slug, whatever its case',
    async (tenant) => {
      await persistence.as(tenant, () => join('bob@example.com'));

      const again = persistence.as(tenant, () => join('BOB@example.com'));

      await expect(again).rejects.toThrow(Conflict);
      await expect(again).rejects.toThrow('There is one like this already.');
    },
  );

  it('of a stranger finds nobody', async () => {
    const stranger = email(`nobody' or '1'='1@example.com`.replaceAll(' ', ''));

    expect(
      await persistence.as(globex, () => persistence.members.findByEmail(stranger)),
    ).toBeNull();
  });
});
