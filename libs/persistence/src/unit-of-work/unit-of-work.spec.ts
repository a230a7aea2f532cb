import { TransactionPropagation } from '@mikro-orm/postgresql';
import { Conflict, email, Member, Project, projectKey } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

const join = (name: string): void => {
  persistence.members.add(new Member({ email: email(`${name}@example.com`), name }));
};

const namesOf = (tenant = acme): Promise<string[]> =>
  persistence.as(tenant, async () =>
    (await persistence.members.page({ limit: 100 })).items.map(({ name }) => name),
  );

describe('a unit of work', () => {
  it('stores what several repositories were given, at its end', async () => {
    await persistence.as(acme, async () => {
      join('ada');
      persistence.projects.add(new Project({ key: projectKey('ONE'), name: 'One' }));
    });

    expect(await namesOf()).toContain('ada');
    expect(
      await persistence.as(acme, () => persistence.projects.findByKey(projectKey('ONE'))),
    ).not.toBeNull();
    expect(await namesOf(globex)).toEqual([]);
  });

  it('stores nothing of any of them when it throws, and gives the error on', async () => {
    const failing = persistence.as(acme, async () => {
      join('bob');
      persistence.projects.add(new Project({ key: projectKey('TWO'), name: 'Two' }));
      await persistence.entityManager.flush();
      throw new RangeError('in the middle');
    });

    await expect(failing).rejects.toThrow(RangeError);
    expect(await namesOf()).not.toContain('bob');
    expect(
      await persistence.as(acme, () => persistence.projects.findByKey(projectKey('TWO'))),
    ).toBeNull();
  });

  it('gives back what the work returns', async () => {
    expect(await persistence.as(acme, () => Promise.resolve(42))).toBe(42);
  });

  it('that is read-only refuses to write', async () => {
    const writing = persistence.context.run(acme, () =>
      persistence.unitOfWork.run(
        async () => {
          join('carol');
        },
        { readOnly: true },
      ),
    );

    await expect(writing).rejects.toMatchObject({ code: '25006' });
  });

  it.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'is %s when asked to be',
    async (isolationLevel) => {
      const [row] = await persistence.context.run(acme, () =>
        persistence.unitOfWork.run(
          () =>
            persistence.entityManager.execute('select current_setting(?) as level', [
              'transaction_isolation',
            ]),
          { isolationLevel },
        ),
      );

      expect(row).toEqual({ level: isolationLevel });
    },
  );

  it('inside another one is a part of it', async () => {
    const failing = persistence.as(acme, async () => {
      await persistence.unitOfWork.run(async () => {
        join('dave');
      });
      throw new Error('the outer one fails');
    });

    await expect(failing).rejects.toThrow('the outer one fails');
    expect(await namesOf()).not.toContain('dave');
  });

  it('that loses a race for something unique says so in the domain’s terms', async () => {
    const join = (): Promise<void> =>
      persistence.as(acme, async () => {
        persistence.projects.add(new Project({ key: projectKey('RACE'), name: 'Race' }));
      });

    const outcomes = await Promise.allSettled([join(), join()]);

    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect(lost[0]?.reason).toBeInstanceOf(Conflict);
    expect(String(lost[0]?.reason)).not.toContain('RACE');
  });

  it('that waits too long for a lock is told to try again', async () => {
    const slow = await startPersistence({ DB_LOCK_TIMEOUT_MS: '50' });
    const project = new Project({ key: projectKey('LOCK'), name: 'Lock' });
    await slow.as(acme, async () => {
      slow.projects.add(project);
    });

    await slow.as(acme, async () => {
      await slow.projects.getForChange(project.id);
      const second = slow.context.run(globex, () =>
        slow.context.run(acme, () =>
          slow.unitOfWork.run(() => slow.projects.getForChange(project.id)),
        ),
      );
      await expect(second).rejects.toMatchObject({ kind: 'unavailable', code: 'locked' });
    });
    await slow.stop();
  });

  it('that runs a slow query is cut off', async () => {
    const impatient = await startPersistence({ DB_STATEMENT_TIMEOUT_MS: '50' });

    const slow = impatient.as(acme, () => impatient.entityManager.execute('select pg_sleep(5)'));

    await expect(slow).rejects.toMatchObject({ kind: 'unavailable', code: 'too-slow' });
    await impatient.stop();
  });

  it('does not wait for a connection for ever', async () => {
    const small = await startPersistence({ DB_POOL_MAX: '1', DB_POOL_ACQUIRE_TIMEOUT_MS: '1000' });

    await small.as(acme, async () => {
      await small.members.page({ limit: 1 });
      const second = small.context.run(globex, () =>
        small.unitOfWork.run(() => small.members.page({ limit: 1 })),
      );
      await expect(second).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'pool-exhausted',
      });
    });

    expect(await small.as(globex, () => small.members.page({ limit: 1 }))).toEqual({
      items: [],
      next: null,
    });
    await small.stop();
  });
});

describe('the transactional service', () => {
  it('runs a transaction of its own when asked to, which stays when the outer one is rolled back', async () => {
    const failing = persistence.as(globex, async () => {
      await persistence.transactional.run(
        async () => {
          join('erin');
        },
        { propagation: TransactionPropagation.REQUIRES_NEW },
      );
      join('frank');
      throw new Error('the outer one fails');
    });

    await expect(failing).rejects.toThrow('the outer one fails');
    expect(await namesOf(globex)).toEqual(['erin']);
  });

  it('rolls back to a savepoint, and the outer one goes on', async () => {
    await persistence.as(globex, async () => {
      await persistence.transactional
        .run(
          async () => {
            join('grace');
            await persistence.entityManager.flush();
            throw new Error('only this part');
          },
          { propagation: TransactionPropagation.NESTED },
        )
        .catch(() => undefined);
      join('heidi');
    });

    expect(await namesOf(globex)).toEqual(['erin', 'heidi']);
  });
});
