import { email, Member, type MemberId, newId, NotFound } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import { ScopeSealed } from '../tenant-context/isolation-violation.ts';
import type { MikroMemberRepository } from './mikro-member.repository.ts';

let persistence: Persistence;
let members: MikroMemberRepository;
/** Of one member in each tenant: the ids collide on purpose. */
const id = newId<'Member'>();
const other = newId<'Member'>();

beforeAll(async () => {
  persistence = await startPersistence();
  members = persistence.entityManager.getRepository<Member, MikroMemberRepository>(Member);
  for (const tenant of tenants) {
    await persistence.as(tenant, async () => {
      members.add(
        new Member({ id, email: email('ada@example.com'), name: `Ada of ${tenant.slug}` }),
      );
    });
  }
  await persistence.as(globex, async () => {
    members.add(new Member({ id: other, email: email('bob@example.com'), name: 'Bob of globex' }));
  });
});

afterAll(() => persistence.stop());

const names = (found: readonly Member[]): string[] => found.map(({ name }) => name);

describe.each(tenants)('of $slug', (tenant) => {
  const own = `Ada of ${tenant.slug}`;
  const within = <T>(work: () => Promise<T>): Promise<T> => persistence.context.run(tenant, work);

  it('findById finds its own, of the ids that others have too', async () => {
    expect((await within(() => members.findById(id)))?.name).toBe(own);
  });

  it('findByIds, find, findAll, findWithTenant and findOneWithTenant find its own alone', async () => {
    await within(async () => {
      expect(names(await members.findByIds([id]))).toEqual([own]);
      expect(names(await members.find({ email: email('ada@example.com') }))).toEqual([own]);
      expect(names(await members.findAll({ where: { id } }))).toEqual([own]);
      expect(names(await members.findWithTenant({ id }))).toEqual([own]);
      expect((await members.findOneWithTenant({ id }))?.name).toBe(own);
    });
  });

  it('count counts its own', async () => {
    const count = await within(() => members.count());

    expect(count).toBe(tenant === globex ? 2 : 1);
  });

  it('getOrFail gives its own', async () => {
    expect((await within(() => members.getOrFail(id))).name).toBe(own);
  });
});

describe('a row that only another tenant has', () => {
  const within = <T>(work: () => Promise<T>): Promise<T> => persistence.context.run(acme, work);

  it('does not exist', async () => {
    await within(async () => {
      expect(await members.findById(other)).toBeNull();
      expect(await members.exists(other)).toBe(false);
      expect(await members.findByIds([other])).toEqual([]);
    });
  });

  it('fails exactly like one that nobody has', async () => {
    const fail = (missing: MemberId): Promise<unknown> =>
      within(() => members.getOrFail(missing)).catch((error: unknown) => error);

    const [foreign, nobodys] = [await fail(other), await fail(newId())];

    expect(foreign).toBeInstanceOf(NotFound);
    expect(foreign).toEqual(nobodys);
  });

  it.each([{ filters: false }, { filters: { tenant: false } }])(
    'stays out of sight: to switch the filter off by %j is refused',
    async (options) => {
      await expect(within(() => members.find({}, options))).rejects.toThrow(ScopeSealed);
    },
  );

  it('is kept out by the condition of findWithTenant, beside the filter', async () => {
    const queries = await persistence.queriesOf(() => within(() => members.findWithTenant({})));

    expect(queries.join()).toContain('where "m0"."tenant_id" = ? and "m0"."tenant_id" = ?');
  });
});
