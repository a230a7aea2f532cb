import { setTimeout as sleep } from 'node:timers/promises';
import { newId, Project, projectKey, TenantRepository } from '@tenantry/domain';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import {
  acme,
  globex,
  type Persistence,
  registerTenants,
  startPersistence,
} from '../testing/persistence-harness.ts';

const id = newId<'Project'>();
let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({ DB_LOCK_TIMEOUT_MS: '200' });
});

beforeEach(async () => {
  await persistence.asOwner('truncate shared.project, shared.task');
  for (const tenant of [acme, globex]) {
    await persistence.as(tenant, async () => {
      persistence.projects.add(new Project({ id, key: projectKey('ONE'), name: '0' }));
    });
  }
});

afterAll(() => persistence.stop());

type Read = () => Promise<Project>;
const forChange: Read = () => persistence.projects.getForChange(id);
const plainly: Read = () => persistence.projects.getOrFail(id);
/** One more, of what was read: whoever reads what is old overwrites what others have counted. */
const count = (read: Read, tenant: PlacedTenant = acme): Promise<void> =>
  persistence.as(tenant, async () => {
    const project = await read();
    await sleep(Math.random() * 5);
    project.change({ name: String(Number(project.name) + 1) });
  });
const nameOf = async (tenant = acme): Promise<unknown> => {
  const [row] = await persistence.asOwner<{ name: string }[]>(
    'select name from shared.project where tenant_id = ?',
    [tenant.id],
  );
  return row?.name;
};

describe('changes of one aggregate at the same time', () => {
  it('with a pessimistic lock wait for each other, and none is lost', async () => {
    await Promise.all(Array.from({ length: 15 }, () => count(forChange)));

    expect(await nameOf()).toBe('15');
  });

  it('without one are stored or refused as stale, and none is lost', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 15 }, () => count(plainly)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');

    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ name: 'StaleVersion', kind: 'stale', code: 'project-stale' });
    }
    expect(await nameOf()).toBe(String(15 - refused.length));
  });

  it('of both kinds, none is lost', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => count(n % 2 === 0 ? forChange : plainly)),
    );
    const stored = outcomes.filter(({ status }) => status === 'fulfilled').length;

    expect(await nameOf()).toBe(String(stored));
  });

  it('of different tenants do not wait for each other', async () => {
    await persistence.as(acme, async () => {
      await forChange();
      await count(forChange, globex);
    });

    expect(await nameOf(globex)).toBe('1');
  });

  it('are lost when nothing keeps them apart: the same by plain SQL', async () => {
    await persistence.asOwner('update shared.project set name = ? where tenant_id = ?', [
      '0',
      acme.id,
    ]);
    const blindly = (): Promise<unknown> =>
      persistence.as(acme, async () => {
        const [row] = await persistence.entityManager.execute<{ name: string }[]>(
          'select name from project where id = ?',
          [id],
        );
        await sleep(5);
        await persistence.entityManager.execute('update project set name = ? where id = ?', [
          String(Number(row!.name) + 1),
          id,
        ]);
      });
    await Promise.all(Array.from({ length: 5 }, blindly));

    expect(Number(await nameOf())).toBeLessThan(5);
  });
});

describe('a pessimistic lock', () => {
  const whileLocked = async <Result>(work: () => Promise<Result>): Promise<Result> =>
    persistence.as(acme, async () => {
      await forChange();
      return persistence.context.run(acme, work);
    });

  it('that someone else has is waited for, up to the time limit', async () => {
    const attempt = whileLocked(() =>
      persistence.unitOfWork.run(forChange, { retry: { attempts: 1 } }),
    );

    await expect(attempt).rejects.toMatchObject({ kind: 'unavailable', code: 'locked' });
  });

  it('is not waited for when nobody is to wait', async () => {
    const begin = Date.now();
    const attempt = whileLocked(() =>
      persistence.unitOfWork.run(() => persistence.projects.getForChange(id, { wait: false }), {
        retry: { attempts: 1 },
      }),
    );

    await expect(attempt).rejects.toMatchObject({ kind: 'unavailable', code: 'locked' });
    expect(Date.now() - begin).toBeLessThan(200);
  });

  it('keeps nobody from reading', async () => {
    expect(await whileLocked(() => persistence.unitOfWork.run(plainly))).toMatchObject({
      name: '0',
    });
  });

  it('brings what is stored when it is had, whatever was read before', async () => {
    await persistence.as(acme, async () => {
      const before = await plainly();
      await persistence.asOwner(`update shared.project set name = '7' where tenant_id = ?`, [
        acme.id,
      ]);
      const project = await forChange();

      expect(project).toBe(before);
      expect(project.name).toBe('7');
    });
  });

  it('is needed on one that is there', async () => {
    await expect(
      persistence.as(acme, () => persistence.projects.getForChange(newId())),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is for units of work', async () => {
    await expect(persistence.context.run(acme, forChange)).rejects.toThrow(/transaction/i);
  });
});

describe('a removal', () => {
  const remove = (read: Read, meanwhile: () => Promise<unknown>): Promise<void> =>
    persistence.as(acme, async () => {
      const project = await read();
      await meanwhile();
      persistence.projects.remove(project);
    });

  it('of what others have changed since is refused as stale, and takes nothing along', async () => {
    const others = (): Promise<unknown> =>
      persistence.asOwner(`update shared.project set name = 'theirs', version = version + 1`);

    await expect(remove(plainly, others)).rejects.toMatchObject({ code: 'project-stale' });
    expect(await nameOf()).toBe('theirs');
  });

  it('of what nobody has changed takes that, and leaves what others have of the same id', async () => {
    await remove(plainly, () => Promise.resolve());

    expect(await nameOf()).toBeUndefined();
    expect(await nameOf(globex)).toBe('0');
  });

  it('outside of units of work is compared as well', async () => {
    const removal = persistence.context.run(acme, async () => {
      const project = await plainly();
      await persistence.asOwner('update shared.project set version = version + 1');
      persistence.projects.remove(project);
      await persistence.entityManager.flush();
    });

    await expect(removal).rejects.toThrow(/optimistic lock/i);
    expect(await nameOf()).toBe('0');
  });
});

describe('what is read for a change with what belongs to it', () => {
  it('keeps what was changed while it was read by others of the same unit of work', async () => {
    await registerTenants(persistence);
    const tenants = persistence.get(TenantRepository);

    await persistence.context.runAsOperator('spec', () =>
      persistence.unitOfWork.run(async () => {
        const tenant = await tenants.getForChange(acme.id);
        const again = tenants.getForChange(acme.id);
        await new Promise(setImmediate);
        tenant.suspend();
        await again;
      }),
    );

    expect(
      await persistence.asOwner('select status from catalog.tenant where id = ?', [acme.id]),
    ).toEqual([{ status: 'suspended' }]);
  });
});
