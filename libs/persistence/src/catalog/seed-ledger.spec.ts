import { newId } from '@tenantry/domain';
import { LockTaken } from '../migrations/advisory-lock.ts';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { SeedLedger } from './seed-ledger.ts';

const SEEDED = { version: 1, checksum: 'abc', items: { one: 'def' } };
let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

const within = <Result>(who: PlacedTenant, work: (ledger: SeedLedger) => Promise<Result>) =>
  persistence.context.run(who, () =>
    persistence.transactional.run((transaction) => work(new SeedLedger(transaction))),
  );

beforeEach(async () => {
  await persistence.asOwner('delete from catalog.seed');
  for (const tenant of tenants) {
    await within(tenant, (ledger) => ledger.write(tenant.id, 'inbox', SEEDED));
  }
});

describe('the ledger of seeds', () => {
  it('shows a tenant its own rows, and operators all of them', async () => {
    for (const tenant of tenants) {
      expect([...(await within(tenant, (ledger) => ledger.readAll())).keys()]).toEqual([tenant.id]);
    }
    const all = await persistence.context.runAsOperator('a test', () =>
      persistence.transactional.run((transaction) => new SeedLedger(transaction).readAll()),
    );

    expect([...all.keys()].sort()).toEqual(tenants.map(({ id }) => id).sort());
    expect(all.get(acme.id)?.get('inbox')).toEqual({ version: 1, checksum: 'abc' });
  });

  it('takes from a tenant nothing about another one, or about the catalog', async () => {
    for (const target of [globex.id, initech.id, newId(), 'catalog']) {
      await expect(within(acme, (ledger) => ledger.write(target, 'mine', SEEDED))).rejects.toThrow(
        'row-level security',
      );
    }
    await within(acme, (ledger) => ledger.forget(globex.id));

    expect(await within(globex, (ledger) => ledger.readForChange(globex.id, 'inbox'))).toEqual(
      SEEDED,
    );
    expect(await within(acme, (ledger) => ledger.readForChange(globex.id, 'inbox'))).toBeNull();
  });

  it('is written with the data, or not at all', async () => {
    await expect(
      within(acme, async (ledger) => {
        await ledger.write(acme.id, 'inbox', { ...SEEDED, version: 2 });
        throw new Error('the data failed');
      }),
    ).rejects.toThrow('the data failed');

    expect(await within(acme, (ledger) => ledger.readForChange(acme.id, 'inbox'))).toEqual(SEEDED);
  });

  it('lets one transaction at a time seed a target', async () => {
    const target = acme.id;
    await within(acme, async (ledger) => {
      await ledger.readForChange(target, 'inbox');
      const other = within(acme, (another) => another.readForChange(target, 'inbox'));
      await expect(other).rejects.toThrow(LockTaken);
      expect(await within(globex, (another) => another.readForChange(globex.id, 'inbox'))).toEqual(
        SEEDED,
      );
    });
  }, 20_000);
});
