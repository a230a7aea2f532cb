import {
  Conflict,
  domainName,
  Placement,
  type PlacementRepository,
  slug,
  type Tenant,
  type TenantOperation,
  type TenantOperationRepository,
  type TenantRepository,
} from '@tenantry/domain';
import { PlainUnitOfWork } from '../testing/plain-unit-of-work.ts';
import { port } from '../testing/port.ts';
import { RegisterTenant } from './register-tenant.ts';

const shared = Placement.shared();
const acme = { slug: slug('acme'), name: 'Acme', isolation: 'shared' } as const;

function registering(more: Partial<TenantRepository> = {}) {
  const tenants: Tenant[] = [];
  const placements: Placement[] = [];
  const requested: TenantOperation[] = [];
  const registerTenant = new RegisterTenant(
    new PlainUnitOfWork(),
    port<TenantRepository>({
      findBySlug: async (name) => tenants.find((tenant) => tenant.slug === name) ?? null,
      findByDomain: async (name) => tenants.find((tenant) => tenant.domain === name) ?? null,
      add: (tenant) => {
        tenants.push(tenant);
      },
      ...more,
    }),
    port<PlacementRepository>({
      getShared: async () => shared,
      findById: async (id) => placements.find((placement) => placement.id === id) ?? null,
      add: (placement) => {
        placements.push(placement);
      },
    }),
    port<TenantOperationRepository>({
      latestOf: async ([id]) => requested.filter(({ tenant }) => tenant.id === id).slice(-1),
      request: async (operation) => {
        requested.push(operation);
      },
    }),
  );
  return { registerTenant, tenants, placements, requested };
}

describe('registering a tenant', () => {
  it('records it, and requests its making', async () => {
    const { registerTenant, requested, placements } = registering();

    const { tenant, operation } = await registerTenant.run(acme);

    expect(tenant).toMatchObject({ slug: 'acme', status: 'provisioning', placement: shared });
    expect(requested).toEqual([operation]);
    expect(operation).toMatchObject({ kind: 'provision', step: 'catalog', status: 'pending' });
    expect(placements).toEqual([]);
  });

  it('in a schema of its own records its placement too', async () => {
    const { registerTenant, placements } = registering();

    const { tenant } = await registerTenant.run({ ...acme, isolation: 'schema' });

    expect(placements).toEqual([tenant.placement]);
  });

  it('again makes no second one', async () => {
    const { registerTenant, tenants, requested } = registering();
    const first = await registerTenant.run(acme);

    expect(await registerTenant.run(acme)).toEqual(first);
    expect([tenants.length, requested.length]).toEqual([1, 1]);
  });

  it('again has one tried again that had been given up', async () => {
    const { registerTenant, requested } = registering();
    const { operation } = await registerTenant.run(acme);
    for (let attempt = 0; attempt < 5; attempt++) {
      operation?.fail('no disk', new Date());
    }
    expect(operation?.status).toBe('failed');

    await registerTenant.run(acme);

    expect(operation?.status).toBe('pending');
    expect(requested).toEqual([operation, operation]);
  });

  it('that someone else has registered just now gives theirs', async () => {
    const others = registering();
    const theirs = await others.registerTenant.run(acme);
    const seen = [null, theirs.tenant];
    const { registerTenant } = registering({
      findBySlug: async () => seen.shift() ?? null,
      add: () => {
        throw new Conflict('already-exists', 'There is one like this already.');
      },
    });

    expect((await registerTenant.run(acme)).tenant).toBe(theirs.tenant);
  });

  it.each([
    ['slug', { ...acme, name: 'Other' }, 'slug-taken'],
    ['domain', { ...acme, slug: slug('other') }, 'domain-taken'],
  ])('with a %s that another one has is refused', async (_what, input, code) => {
    const { registerTenant } = registering();
    const domain = domainName('acme.example');
    await registerTenant.run({ ...acme, domain });

    await expect(registerTenant.run({ ...input, domain })).rejects.toMatchObject({ code });
  });
});
