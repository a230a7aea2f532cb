import {
  Conflict,
  Placement,
  type PlacementRepository,
  slug,
  Tenant,
  type TenantRepository,
} from '@tenantry/domain';
import { PlainUnitOfWork } from '../testing/plain-unit-of-work.ts';
import { port } from '../testing/port.ts';
import { type PlacementProvisioner } from './placement-provisioner.ts';
import { RegisterTenant } from './register-tenant.ts';

const shared = Placement.shared();

function registering(known: Tenant[] = []) {
  const placements: Placement[] = [];
  const provisioned: Placement[] = [];
  const registerTenant = new RegisterTenant(
    new PlainUnitOfWork(),
    port<TenantRepository>({
      findBySlug: async (name) => known.find((tenant) => tenant.slug === name) ?? null,
      getOrFail: async (id) => known.find((tenant) => tenant.id === id)!,
      add: (tenant) => {
        known.push(tenant);
      },
    }),
    port<PlacementRepository>({
      getShared: async () => shared,
      findById: async (id) => placements.find((placement) => placement.id === id) ?? null,
      add: (placement) => {
        placements.push(placement);
      },
    }),
    port<PlacementProvisioner>({
      provision: async (placement) => {
        provisioned.push(placement);
      },
    }),
  );
  return { registerTenant, known, placements, provisioned };
}

describe('registering a tenant', () => {
  it('in the shared placement makes it active there', async () => {
    const { registerTenant, placements, provisioned } = registering();

    const tenant = await registerTenant.run({
      slug: slug('acme'),
      name: 'Acme',
      isolation: 'shared',
    });

    expect(tenant).toMatchObject({ slug: 'acme', status: 'active', placement: shared });
    expect(provisioned).toEqual([shared]);
    expect(placements).toEqual([]);
  });

  it('in a schema of its own makes that first', async () => {
    const { registerTenant, placements, provisioned } = registering();

    const tenant = await registerTenant.run({
      slug: slug('acme'),
      name: 'Acme',
      isolation: 'schema',
    });

    expect(placements).toEqual([tenant.placement]);
    expect(provisioned).toEqual([tenant.placement]);
    expect(tenant).toMatchObject({ status: 'active', placement: { isolation: 'schema' } });
  });

  it('with a slug that is taken is refused', async () => {
    const { registerTenant } = registering();
    await registerTenant.run({ slug: slug('acme'), name: 'Acme', isolation: 'shared' });

    const again = registerTenant.run({ slug: slug('acme'), name: 'Other', isolation: 'shared' });

    await expect(again).rejects.toThrow(Conflict);
  });

  it('again completes one that was interrupted', async () => {
    const interrupted = new Tenant({
      slug: slug('acme'),
      name: 'Acme',
      placement: Placement.dedicated(),
    });
    const { registerTenant, known, provisioned } = registering([interrupted]);

    const tenant = await registerTenant.run({
      slug: slug('acme'),
      name: 'Acme',
      isolation: 'schema',
    });

    expect(tenant).toBe(interrupted);
    expect(tenant.status).toBe('active');
    expect(known).toHaveLength(1);
    expect(provisioned).toEqual([interrupted.placement]);
  });

  it('leaves it in provisioning when its placement cannot be made', async () => {
    const known: Tenant[] = [];
    const registerTenant = new RegisterTenant(
      new PlainUnitOfWork(),
      port<TenantRepository>({
        findBySlug: async () => null,
        add: (tenant) => {
          known.push(tenant);
        },
      }),
      port<PlacementRepository>({ getShared: async () => shared }),
      port<PlacementProvisioner>({ provision: () => Promise.reject(new Error('no disk')) }),
    );

    await expect(
      registerTenant.run({ slug: slug('acme'), name: 'Acme', isolation: 'shared' }),
    ).rejects.toThrow('no disk');
    expect(known).toMatchObject([{ status: 'provisioning' }]);
  });
});
