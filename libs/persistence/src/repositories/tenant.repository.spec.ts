import {
  domainName,
  newId,
  Placement,
  PlacementRepository,
  slug,
  Tenant,
  TenantRepository,
} from '@tenantry/domain';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { placed } from '../tenant-context/placed-tenant.ts';

let persistence: Persistence;
let tenants: TenantRepository;
let placements: PlacementRepository;
const hooli = newId<'Tenant'>();

beforeAll(async () => {
  persistence = await startPersistence();
  tenants = persistence.get(TenantRepository);
  placements = persistence.get(PlacementRepository);
  await asOperator(async () => {
    const shared = await placements.getShared();
    const dedicated = Placement.dedicated();
    placements.add(dedicated);
    const first = new Tenant({
      id: hooli,
      slug: slug('hooli'),
      name: 'Hooli',
      placement: shared,
      domain: domainName('work.hooli.example'),
      features: { search: true },
      configuration: { locale: 'de-AT' },
    });
    first.activate();
    tenants.add(first);
    tenants.add(new Tenant({ slug: slug('pied-piper'), name: 'Pied Piper', placement: dedicated }));
  });
});

afterAll(() => persistence.stop());

function asOperator<T>(work: () => Promise<T>): Promise<T> {
  return persistence.context.runAsOperator('a test', () => persistence.unitOfWork.run(work));
}

describe('for an operator', () => {
  it('all tenants are there, in pages', async () => {
    const { items } = await asOperator(() => tenants.page({ limit: 10 }));

    expect(items.map((tenant) => tenant.slug)).toEqual(['hooli', 'pied-piper']);
  });

  it('a tenant comes back as it was stored, with its placement', async () => {
    const found = await asOperator(() => tenants.findBySlug(slug('hooli')));

    expect(found).toMatchObject({
      id: hooli,
      name: 'Hooli',
      plan: 'free',
      features: { search: true },
      configuration: { locale: 'de-AT' },
    });
    expect(found?.placement).toMatchObject({ isolation: 'shared', schema: 'shared' });
  });

  it('a tenant is found by the domain it brought along', async () => {
    expect(
      await asOperator(() => tenants.findByDomain(domainName('work.hooli.example'))),
    ).toMatchObject({ id: hooli });
    expect(await asOperator(() => tenants.findByDomain(domainName('other.example')))).toBeNull();
  });

  it('isActive says whether a tenant is served', async () => {
    const provisioning = await asOperator(() => tenants.findBySlug(slug('pied-piper')));

    expect(await asOperator(() => tenants.isActive(hooli))).toBe(true);
    expect(await asOperator(() => tenants.isActive(provisioning!.id))).toBe(false);
    expect(await asOperator(() => tenants.isActive(newId()))).toBe(false);
  });
});

describe('for a tenant', () => {
  const asHooli = async <T>(work: () => Promise<T>): Promise<T> => {
    const tenant = await asOperator(() => tenants.getOrFail(hooli));
    return persistence.as(placed(tenant), work);
  };

  it('there is no other tenant', async () => {
    const { items } = await asHooli(() => tenants.page({ limit: 10 }));

    expect(items.map((tenant) => tenant.slug)).toEqual(['hooli']);
    expect(items[0]?.placement?.schema).toBe('shared');
    expect(await asHooli(() => tenants.findBySlug(slug('pied-piper')))).toBeNull();
  });

  it('there is none in SQL of its own either', async () => {
    const rows = await asHooli(() =>
      persistence.entityManager.execute('select slug from catalog.tenant'),
    );

    expect(rows).toEqual([{ slug: 'hooli' }]);
  });

  it('its own row cannot be changed', async () => {
    const attempt = asHooli(() =>
      persistence.entityManager.execute(`update catalog.tenant set plan = 'enterprise'`),
    );

    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  });

  it('there is no placement but its own', async () => {
    const rows = await asHooli(() =>
      persistence.entityManager.execute('select schema_name from catalog.placement'),
    );

    expect(rows).toEqual([{ schema_name: 'shared' }]);
  });
});
