import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { domainName, PlacementRepository, slug, Tenant, TenantRepository } from '@tenantry/domain';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { TenantDirectory } from './tenant-directory.ts';

let persistence: Persistence;
let directory: TenantDirectory;
let tenants: TenantRepository;
let hooli: Tenant;

beforeAll(async () => {
  persistence = await startPersistence();
  directory = persistence.get(TenantDirectory);
  tenants = persistence.get(TenantRepository);
  hooli = await asOperator(async () => {
    const placement = await persistence.get(PlacementRepository).getShared();
    const tenant = new Tenant({
      slug: slug('hooli'),
      name: 'Hooli',
      domain: domainName('hooli.example'),
      placement,
    });
    tenant.activate();
    tenants.add(tenant);
    return tenant;
  });
});

afterAll(() => persistence.stop());

function asOperator<T>(work: () => Promise<T>): Promise<T> {
  return persistence.context.runAsOperator('a test', () => persistence.unitOfWork.run(work));
}

describe('the tenant directory', () => {
  it('finds a tenant by slug, domain and id', async () => {
    const entry = {
      id: hooli.id,
      slug: 'hooli',
      schema: 'shared',
      status: 'active',
      isInRange: true,
      limits: { concurrency: 2, queue: 50, statementTimeoutMs: 5_000 },
    };

    expect(await directory.find({ slug: slug('hooli') })).toEqual(entry);
    expect(await directory.find({ domain: domainName('hooli.example') })).toEqual(entry);
    expect(await directory.find({ id: hooli.id })).toEqual(entry);
  });

  it.each([
    [{ plan: 'enterprise' as const }, { concurrency: 6, queue: 200, statementTimeoutMs: 30_000 }],
    [{ plan: 'free' as const, features: { unlimited: true } }, undefined],
    [{ plan: 'free' as const, features: { unlimited: false } }, { concurrency: 2 }],
  ])('says of a tenant with %j that its limits are %j', async (bought, limits) => {
    const name = slug(`buyer-${Math.random().toString(36).slice(2)}`);
    await asOperator(async () => {
      const placement = await persistence.get(PlacementRepository).getShared();
      tenants.add(new Tenant({ slug: name, name: 'Buyer', placement, ...bought }));
    });

    expect(await directory.find({ slug: name })).toMatchObject({ limits });
  });

  it('finds nothing for a name that nobody has', async () => {
    expect(await directory.find({ slug: slug('nobody') })).toBeNull();
  });

  it('asks the catalog once for many requests at once', async () => {
    const queries = await persistence.queriesOf(() =>
      Promise.all(Array.from({ length: 50 }, () => directory.find({ slug: slug('new-name') }))),
    );

    expect(queries.filter((query) => query.includes('from tenant t'))).toHaveLength(1);
  });

  it('knows within two seconds that a tenant has been suspended', async () => {
    expect(await directory.find({ slug: slug('hooli') })).toMatchObject({ status: 'active' });

    await asOperator(async () => {
      (await tenants.getOrFail(hooli.id)).suspend();
    });
    await sleep(1_500);

    expect(await directory.find({ slug: slug('hooli') })).toMatchObject({ status: 'suspended' });
  });

  it('does not remember that the catalog could not be asked', async () => {
    const pool = await persistence.orm.driver.getConnection().getNativeClient();
    const connect = jest
      .spyOn(pool, 'connect')
      .mockRejectedValue(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) as never);
    await expect(directory.find({ slug: slug('unlucky') })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    connect.mockRestore();

    expect(await directory.find({ slug: slug('unlucky') })).toBeNull();
  });
});
