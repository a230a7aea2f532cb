import { Conflict, email, Member, newId } from '@tenantry/domain';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import { insertInBulk } from './insert-in-bulk.ts';

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

  it('is kept in lower case beside, added or inserted in bulk', async () => {
    const inBulk = new Member({ email: email('Bulk@Example.com'), name: 'In bulk' });
    for (const tenant of [acme, initech]) {
      await persistence.as(tenant, () => join('Added@Example.com'));
      await persistence.as(tenant, () => insertInBulk(persistence.entityManager, Member, [inBulk]));
    }

    for (const { id, schema } of [acme, initech]) {
      const rows = await persistence.asOwner(
        `select email, email_lower from "${schema}".member
         where tenant_id = ? and email in ('Added@Example.com', 'Bulk@Example.com') order by email`,
        [id],
      );
      expect(rows).toEqual([
        { email: 'Added@Example.com', email_lower: 'added@example.com' },
        { email: 'Bulk@Example.com', email_lower: 'bulk@example.com' },
      ]);
    }
  });

  it.each(['email', 'email_lower'])('has no %s that is changed by itself', async (column) => {
    await persistence.as(acme, () => join(`${column}@example.com`));

    const change = persistence.as(acme, () =>
      persistence.entityManager.execute(
        `update member set ${column} = 'other@example.com' where email = '${column}@example.com'`,
      ),
    );

    await expect(change).rejects.toMatchObject({ constraint: 'member_email_lower_check' });
  });

  describe('that a build has written which knows no lower case', () => {
    const id = newId<'Member'>();

    it('is found all the same, and each tenant’s is its own', async () => {
      for (const { id: tenantId, schema, slug } of tenants) {
        await persistence.asOwner(
          `insert into "${schema}".member (tenant_id, id, created_at, updated_at, email, name)
           values (?, ?, now(), now(), 'Old@Example.com', ?)`,
          [tenantId, id, slug],
        );
      }

      for (const tenant of tenants) {
        const found = await persistence.as(tenant, () =>
          persistence.members.findByEmail(email('oLD@example.com')),
        );
        expect(found).toMatchObject({ id, name: tenant.slug });
      }
    });

    it('is one member’s only', async () => {
      const again = persistence.as(acme, () => join('OLD@example.com'));

      await expect(again).rejects.toThrow(Conflict);
    });
  });

  it('of a stranger finds nobody', async () => {
    const stranger = email(`nobody' or '1'='1@example.com`.replaceAll(' ', ''));

    expect(
      await persistence.as(globex, () => persistence.members.findByEmail(stranger)),
    ).toBeNull();
  });
});
