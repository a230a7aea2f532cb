import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { email, Member } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { TransactionMissing } from '../tenant-context/isolation-violation.ts';
import { FlushFailed, TransactionManaged, UnexpectedRollback } from './transaction-errors.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({ DB_POOL_MAX: '2' });
});

afterAll(() => persistence.stop());

const sql = (text: string): Promise<unknown> => persistence.entityManager.execute(text);
const join = (name: string): void => {
  persistence.members.add(new Member({ email: email(`${name}@example.com`), name }));
};
const stored = (name: string): Promise<object[]> =>
  persistence.asOwner('select 1 as there from shared.member where name = ?', [name]);

describe('a unit of work whose work swallows', () => {
  it('an error of a statement rejects, since the server has rolled it back', async () => {
    const hooks: string[] = [];
    const unit = persistence.as(acme, async () => {
      persistence.unitOfWork.afterCommit(() => hooks.push('after commit'));
      persistence.unitOfWork.afterRollback(() => hooks.push('after rollback'));
      join('ada');
      await persistence.entityManager.flush();
      await sql('select 1 / 0').catch(() => undefined);
    });

    await expect(unit).rejects.toThrow(UnexpectedRollback);
    expect(await stored('ada')).toEqual([]);
    expect(hooks).toEqual(['after rollback']);
  });

  it('an error of a statement, and has more to be written, rejects in the same way', async () => {
    const unit = persistence.as(acme, async () => {
      join('ada');
      await sql('select 1 / 0').catch(() => undefined);
    });

    await expect(unit).rejects.toThrow(UnexpectedRollback);
    expect(await stored('ada')).toEqual([]);
  });

  it('an error of a statement that it does not wait for rejects in the same way', async () => {
    const unit = persistence.as(acme, async () => {
      join('ada');
      await persistence.entityManager.flush();
      // Answered after COMMIT has been sent.
      sql('select 1 / 0').catch(() => undefined);
    });

    await expect(unit).rejects.toThrow(UnexpectedRollback);
    expect(await stored('ada')).toEqual([]);
  });

  it('an error, and only reads, rejects too: what it has read may be less than there is', async () => {
    const unit = persistence.context.run(acme, () =>
      persistence.unitOfWork.run(
        async () => {
          await sql('select 1');
          sql('select 1 / 0').catch(() => undefined);
        },
        { readOnly: true },
      ),
    );

    await expect(unit).rejects.toThrow(UnexpectedRollback);
  });

  it('an error of a flush rejects, and not as if there were nothing left to be written', async () => {
    await persistence.as(globex, async () => {
      join('taken');
    });
    const unit = persistence.as(globex, async () => {
      join('taken');
      await persistence.entityManager.flush().catch(() => undefined);
    });

    await expect(unit).rejects.toThrow(UnexpectedRollback);
    expect(await stored('taken')).toHaveLength(1);
  });

  it('an error of a unit of work inside of it rejects, and names that as its cause', async () => {
    const inner = new RangeError('inside');
    const unit = persistence.as(acme, async () => {
      join('bob');
      await persistence.unitOfWork.run(() => Promise.reject(inner)).catch(() => undefined);
    });

    await expect(unit).rejects.toMatchObject({ name: 'UnexpectedRollback', cause: inner });
    expect(await stored('bob')).toEqual([]);
  });

  it('nothing is what the negative control shows: the ORM by itself says that it was stored', async () => {
    const { MikroORM } = await import('@mikro-orm/postgresql');
    const plain = new MikroORM({
      clientUrl: persistence.config.ownerUrl,
      entities: [],
      contextName: 'plain',
      discovery: { warnWhenNoEntities: false },
    });

    const acknowledged = await plain.em.fork().transactional(async (transaction) => {
      await transaction.execute('create table lost ()');
      await transaction.execute('select 1 / 0').catch(() => undefined);
      return 'stored';
    });

    expect(acknowledged).toBe('stored');
    expect(await persistence.asOwner(`select to_regclass('lost') as table`)).toEqual([
      { table: null },
    ]);
    await plain.close();
  });
});

describe('SQL that ends the transaction of a unit of work', () => {
  it.each([
    ['rollback', TransactionMissing],
    ['end', UnexpectedRollback],
    ['abort', UnexpectedRollback],
    ['rollback and chain', UnexpectedRollback],
    ['commit and chain', UnexpectedRollback],
    ['select 1; rollback; begin', UnexpectedRollback],
    ['select 1; commit', UnexpectedRollback],
  ])('%s is not taken for success, and nothing is sent after it', async (text, refusal) => {
    const unit = persistence.as(acme, async () => {
      await sql(text).catch(() => undefined);
      join('carol');
    });

    await expect(unit).rejects.toThrow(refusal);
    expect(await stored('carol')).toEqual([]);
  });

  it.each([
    ['SQL', 'dora', () => sql('commit')],
    [
      'the connection',
      'emmy',
      async () => {
        const entityManager = persistence.entityManager.getContext();
        await entityManager.getConnection().commit(entityManager.getTransactionContext()!);
      },
    ],
  ])('commit by way of %s is refused, and takes nothing away', async (_way, name, commit) => {
    await persistence.as(acme, async () => {
      join(name);
      await persistence.entityManager.flush();
      await expect(commit()).rejects.toThrow(TransactionManaged);
      // Nothing has been stored yet that could not be undone.
      expect(await stored(name)).toEqual([]);
    });

    expect(await stored(name)).toHaveLength(1);
    const kept = await persistence.asOwner(
      'select 1 from shared.outbox_event where name is not null',
    );
    expect(kept.length).toBeGreaterThan(0);
  });

  it('may use savepoints of its own', async () => {
    await persistence.as(acme, async () => {
      await sql('savepoint mine');
      await sql('select 1 / 0').catch(() => undefined);
      await sql('rollback to savepoint mine');
      await sql('select 1; rollback to mine; release savepoint mine');
      join('dave');
    });

    expect(await stored('dave')).toHaveLength(1);
  });

  it('can be ended neither by the entity manager that it was given', async () => {
    const unit = persistence.transactional;
    const manager = persistence.entityManager;

    for (const end of [() => manager.commit(), () => manager.rollback(), () => manager.begin()]) {
      await expect(persistence.context.run(acme, () => unit.run(end))).rejects.toThrow(
        TransactionManaged,
      );
    }
  });
});

describe('a commit that the server refuses', () => {
  it('because of a deferred constraint says which, and stores nothing', async () => {
    await persistence.asOwner(
      `alter table shared.task alter constraint task_project_fkey deferrable initially deferred`,
    );
    const unit = persistence.as(acme, () =>
      sql(`insert into task (tenant_id, id, created_at, updated_at, project_id, number, title, status, labels)
           values ('${acme.id}', gen_random_uuid(), now(), now(), gen_random_uuid(), 1, 'none', 'open', '{}')`),
    );

    await expect(unit).rejects.toMatchObject({
      kind: 'conflict',
      code: 'reference',
      constraint: 'task_project_fkey',
    });
    expect(await persistence.asOwner('select 1 from shared.task')).toEqual([]);
  });
});

describe('a transaction that is begun by hand', () => {
  it('runs its hooks, and takes in units of work, when it is committed', async () => {
    const hooks: string[] = [];
    await persistence.context.run(acme, async () => {
      const manager = persistence.entityManager;
      await manager.begin();
      await persistence.unitOfWork.run(async () => {
        persistence.unitOfWork.afterCommit(() => hooks.push('erin is there'));
        join('erin');
      });
      expect(await stored('erin')).toEqual([]);
      await manager.commit();
    });

    expect(await stored('erin')).toHaveLength(1);
    expect(hooks).toEqual(['erin is there']);
  });

  it('stores nothing when it is rolled back, and the next one can be begun', async () => {
    await persistence.context.run(acme, async () => {
      const manager = persistence.entityManager;
      await manager.begin();
      join('frank');
      await manager.flush();
      await manager.rollback();
      await manager.begin();
      join('grace');
      await manager.commit();
    });

    expect(await stored('frank')).toEqual([]);
    expect(await stored('grace')).toHaveLength(1);
  });

  it('does not commit what a swallowed error has made impossible', async () => {
    await persistence.context.run(acme, async () => {
      const manager = persistence.entityManager;
      await manager.begin();
      await sql('select 1 / 0').catch(() => undefined);
      await expect(manager.commit()).rejects.toThrow(UnexpectedRollback);
      await manager.rollback();
    });
  });
});

describe('what is flushed without a unit of work', () => {
  it('is a transaction as well, whose commit is looked at', async () => {
    await persistence.context.run(acme, async () => {
      join('heidi');
      await persistence.entityManager.flush();
    });

    expect(await stored('heidi')).toHaveLength(1);
  });

  it('does not take in what goes on beside it in the same scope', async () => {
    await persistence.context.run(acme, async () => {
      join('ivan');
      const failed = new Error('this one changes its mind');
      const [flushed, unit] = await Promise.allSettled([
        persistence.entityManager.flush(),
        persistence.unitOfWork.run(() => {
          join('judy');
          throw failed;
        }),
      ]);

      expect(flushed.status).toBe('fulfilled');
      expect(unit).toEqual({ status: 'rejected', reason: failed });
    });

    expect(await stored('ivan')).toHaveLength(1);
    expect(await stored('judy')).toEqual([]);
  });

  it('is not written again after it has failed', async () => {
    await persistence.context.run(acme, async () => {
      const member = new Member({ email: email('heidi@example.com'), name: 'heidi again' });
      persistence.members.add(member);
      await expect(persistence.entityManager.flush()).rejects.toThrow(
        UniqueConstraintViolationException,
      );
      await expect(persistence.entityManager.flush()).rejects.toThrow(FlushFailed);

      expect(Object.isFrozen(member)).toBe(true);
    });

    expect(await stored('heidi again')).toEqual([]);
  });
});
