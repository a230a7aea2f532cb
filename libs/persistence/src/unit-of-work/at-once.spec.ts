import { setTimeout as sleep } from 'node:timers/promises';
import {
  email,
  type Id,
  Member,
  newId,
  Project,
  type ProjectId,
  projectKey,
  record,
} from '@tenantry/domain';
import {
  acme,
  connectPersistence,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { Idempotency } from './idempotency.ts';
import {
  EntityOfAnotherUnitOfWork,
  SavepointOpen,
  StreamOpen,
  TransactionManaged,
  UnexpectedRollback,
} from './transaction-errors.ts';

const MEMBER: Id<'Member'> = newId<'Member'>();
const PROJECT: ProjectId = newId<'Project'>();

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({ DB_POOL_MAX: '5' });
});

afterAll(() => persistence.stop());

/** Both tenants have the same rows. */
beforeEach(async () => {
  await persistence.asOwner('truncate shared.member, shared.project, shared.task');
  for (const tenant of [acme, globex]) {
    await persistence.as(tenant, async () => {
      persistence.members.add(
        new Member({ id: MEMBER, email: email('ada@example.com'), name: 'ada' }),
      );
      persistence.projects.add(new Project({ id: PROJECT, key: projectKey('ONE'), name: 'One' }));
    });
  }
  await persistence.asOwner('truncate shared.outbox_event, shared.idempotency_key');
});

const run: Persistence['unitOfWork']['run'] = (work, options) =>
  persistence.unitOfWork.run(work, options);
const inAcme = <Result>(work: () => Promise<Result>): Promise<Result> =>
  persistence.context.run(acme, work);
const join = (name: string): Member => {
  const member = new Member({ email: email(`${name}@example.com`), name });
  persistence.members.add(member);
  return member;
};
const flush = (): Promise<void> => persistence.entityManager.flush();
const sql = (text: string): Promise<object[]> => persistence.entityManager.execute(text);
const project = (): Promise<Project> => persistence.projects.getOrFail(PROJECT);
const statuses = (outcomes: PromiseSettledResult<unknown>[]): string[] =>
  outcomes.map(({ status }) => status);
const members = async (): Promise<string[]> =>
  (
    await persistence.asOwner<{ name: string }[]>(
      `select name from shared.member where tenant_id = ? and name <> 'ada' order by 1`,
      [acme.id],
    )
  ).map(({ name }) => name);
const statusesStored = async (): Promise<string[]> =>
  (
    await persistence.asOwner<{ status: string }[]>(
      'select status from shared.project order by tenant_id = ? desc',
      [acme.id],
    )
  ).map(({ status }) => status);
const events = async (): Promise<string[]> =>
  (
    await persistence.asOwner<{ name: string }[]>(
      'select name from shared.outbox_event where name is not null order by position',
    )
  ).map(({ name }) => name);

describe('nested units of work that are run at once', () => {
  it('come one after the other, so that what fails takes nothing of the others along', async () => {
    const outcomes = await inAcme(() =>
      run(() =>
        Promise.allSettled([
          run(
            async () => {
              join('one');
              await flush();
              await sleep(10);
            },
            { propagation: 'nested' },
          ),
          run(
            async () => {
              join('two');
              await flush();
              await sleep(30);
              throw new Error('two fails');
            },
            { propagation: 'nested' },
          ),
          run(
            async () => {
              join('three');
            },
            { propagation: 'nested' },
          ),
        ]),
      ),
    );

    expect(statuses(outcomes)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await members()).toEqual(['one', 'three']);
    expect(await events()).toEqual(['member.joined', 'member.joined']);
  });

  it('have the others wait that become a part of the whole meanwhile', async () => {
    const outcomes = await inAcme(() =>
      run(() =>
        Promise.allSettled([
          run(
            async () => {
              await sleep(30);
              throw new Error('fails');
            },
            { propagation: 'nested' },
          ),
          sleep(10).then(() =>
            run(async () => {
              join('joined');
            }),
          ),
        ]),
      ),
    );

    expect(statuses(outcomes)).toEqual(['rejected', 'fulfilled']);
    expect(await members()).toEqual(['joined']);
  });

  it('have nothing sent beside them, which would be undone with them', async () => {
    const beside = await inAcme(() =>
      run(() =>
        Promise.allSettled([
          run(() => sleep(30).then(() => Promise.reject(new Error('fails'))), {
            propagation: 'nested',
          }),
          sleep(10).then(() => sql('select 1')),
          sleep(10).then(() =>
            persistence.entityManager
              .getKysely()
              .selectFrom<never>('member' as never)
              .execute(),
          ),
          sleep(10).then(flush),
        ]),
      ),
    );

    expect(beside.slice(1)).toEqual(
      Array.from({ length: 3 }, () => ({
        status: 'rejected',
        reason: expect.any(SavepointOpen) as Error,
      })),
    );
  });

  it('are not left by way of the entity manager around them', async () => {
    const whole = inAcme(() =>
      persistence.transactional.run((outer) =>
        run(
          async () => {
            outer.persist(new Member({ email: email('eve@example.com'), name: 'eve' }));
            await outer.flush();
          },
          { propagation: 'nested' },
        ),
      ),
    );

    await expect(whole).rejects.toThrow(SavepointOpen);
    expect(await members()).toEqual([]);
  });

  it('do not wait for themselves', async () => {
    const whole = inAcme(() =>
      persistence.transactional.run((outer) =>
        run(() => outer.transactional(async () => undefined), { propagation: 'nested' }),
      ),
    );

    await expect(whole).rejects.toThrow(SavepointOpen);
  });

  it.each(['nested', 'required'] as const)(
    'and a %s one that nobody waits for keeps the whole from being stored',
    async (propagation) => {
      let late: Promise<unknown> = Promise.resolve();
      const whole = inAcme(() =>
        run(async () => {
          late = run(() => sleep(50).then(() => Promise.reject(new Error('late'))), {
            propagation,
          }).catch(() => undefined);
          await sleep(10);
          if (propagation === 'required') {
            join('early');
          }
        }),
      );

      await expect(whole).rejects.toThrow(/still under way|is under way/);
      await late;
      expect(await members()).toEqual([]);
    },
  );
});

describe('flushes outside of units of work that are asked for at once', () => {
  it('are one after the other, each with its events', async () => {
    await inAcme(async () => {
      join('one');
      const first = flush();
      await sleep(1);
      join('two');
      await Promise.all([first, flush()]);
    });

    expect(await members()).toEqual(['one', 'two']);
    expect(await events()).toEqual(['member.joined', 'member.joined']);
  });

  it('are not taken for what is begun by those who listen to them', async () => {
    const other = await connectPersistence(persistence.config);
    other.orm.em.getEventManager().registerSubscriber({
      beforeFlush: async ({ em }) => {
        await (em as Persistence['entityManager']).fork().execute('select 1');
      },
    });
    await persistence.asOwner(
      `create or replace function shared.refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
       create constraint trigger refuse after insert on shared.member deferrable initially deferred
         for each row when (new.name = 'refused') execute function shared.refuse()`,
    );
    const add = (name: string): Promise<void> =>
      other.context.run(acme, async () => {
        other.members.add(new Member({ email: email(`${name}@example.com`), name }));
        await other.entityManager.flush();
      });
    try {
      await expect(add('refused')).rejects.toThrow('refused');
      await add('bob');

      expect(await members()).toEqual(['bob']);
      expect(await events()).toEqual(['member.joined']);
    } finally {
      await persistence.asOwner('drop function shared.refuse() cascade');
      await other.stop();
    }
  });

  it('store what has happened even where nothing else has changed', async () => {
    await inAcme(async () => {
      const member = await persistence.members.getOrFail(MEMBER);
      record(member, { name: 'member.waved', data: {} });
      await flush();
    });

    expect(await events()).toEqual(['member.waved']);
  });
});

describe('what is asked for during a flush', () => {
  it('is stored with the next one', async () => {
    await inAcme(() =>
      run(async () => {
        const ada = await persistence.members.getOrFail(MEMBER);
        const one = await project();
        join('first');
        one.change({ name: 'Two' });
        const first = flush();
        await sql('select 1');
        join('second');
        persistence.members.remove(ada);
        one.change({ status: 'on-hold' });
        one.addTask({ title: 'Late' });
        await first;
      }),
    );

    expect(await members()).toEqual(['first', 'second']);
    expect(await statusesStored()).toEqual(['on-hold', 'active']);
    expect(await persistence.asOwner('select title from shared.task')).toEqual([{ title: 'Late' }]);
    expect(
      await persistence.asOwner('select name, version from shared.project where tenant_id = ?', [
        acme.id,
      ]),
    ).toEqual([{ name: 'Two', version: 3 }]);
    expect(
      await persistence.asOwner('select tenant_id from shared.member where id = ?', [MEMBER]),
    ).toEqual([{ tenant_id: globex.id }]);
  });
});

describe('what belongs to another unit of work', () => {
  it.each(['requires_new', 'not_supported', 'nested'] as const)(
    'and is changed in one that is %s keeps both from being stored',
    async (propagation) => {
      const whole = inAcme(() =>
        run(async () => {
          const one = await project();
          await run(
            async () => {
              one.change({ status: 'on-hold' });
              await persistence.projects.findByKey(projectKey('ONE'));
            },
            { propagation },
          );
        }),
      );

      await expect(whole).rejects.toThrow(EntityOfAnotherUnitOfWork);
      expect(await statusesStored()).toEqual(['active', 'active']);
      expect(await events()).toEqual([]);
    },
  );

  it('is seen to be changed even when it had been changed before', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const one = await project();
        one.change({ name: 'Two' });
        await run(
          async () => {
            one.change({ name: 'Three' });
          },
          { propagation: 'requires_new' },
        );
      }),
    );

    await expect(whole).rejects.toThrow(EntityOfAnotherUnitOfWork);
    expect(await persistence.asOwner('select distinct name from shared.project')).toEqual([
      { name: 'One' },
    ]);
  });

  it('may not have been changed by an attempt that failed either', async () => {
    let attempts = 0;
    const whole = inAcme(() =>
      run(async () => {
        const one = await project();
        await run(
          async () => {
            attempts += 1;
            record(one, { name: 'project.tried', data: {} });
            await sql(`do $$ begin raise 'again' using errcode = '40001'; end $$`);
          },
          { propagation: 'requires_new' },
        ).catch(() => undefined);
      }),
    );

    await expect(whole).rejects.toThrow(UnexpectedRollback);
    expect(attempts).toBe(1);
    expect(await events()).toEqual([]);
  });

  it('and was read in the scope is not changed in a part without a transaction', async () => {
    const part = inAcme(async () => {
      const one = await project();
      await run(
        async () => {
          one.change({ status: 'on-hold' });
        },
        { propagation: 'supports' },
      );
    });

    await expect(part).rejects.toThrow(EntityOfAnotherUnitOfWork);
  });

  it('has nothing happen to it that nobody would be told of', async () => {
    const left = await inAcme(() => run(project));
    expect(() => {
      record(left, { name: 'project.forgotten', data: {} });
    }).toThrow(TypeError);

    const ofTheScope = inAcme(async () => {
      const one = await project();
      await run(async () => {
        record(one, { name: 'project.noted', data: {} });
      });
    });

    await expect(ofTheScope).rejects.toThrow(EntityOfAnotherUnitOfWork);
  });

  it('tells what has happened to it after it was removed', async () => {
    await inAcme(() =>
      run(async () => {
        const member = await persistence.members.getOrFail(MEMBER);
        persistence.members.remove(member);
        await flush();
        record(member, { name: 'member.left', data: {} });
      }),
    );

    expect(await events()).toEqual(['member.left']);
  });

  it('is not stored by a copy of its entity manager, past it', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const copy = persistence.entityManager.fork({ keepTransactionContext: true });
        copy.persist(new Member({ email: email('eve@example.com'), name: 'eve' }));
        await copy.flush();
      }),
    );

    await expect(whole).rejects.toThrow(TransactionManaged);
    expect(await members()).toEqual([]);
  });
});

describe('what is read for a change', () => {
  it('keeps what was changed before', async () => {
    await inAcme(() =>
      run(async () => {
        const one = await persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'First' });
        const again = await persistence.projects.getForChange(PROJECT);
        again.addTask({ title: 'Second' });
        again.change({ status: 'on-hold' });
        await persistence.projects.getForChange(PROJECT);
        const member = await persistence.members.getOrFail(MEMBER);
        member.rename('lovelace');
        await persistence.members.getForChange(MEMBER);
      }),
    );

    expect(await statusesStored()).toEqual(['on-hold', 'active']);
    expect(await members()).toEqual(['lovelace']);
    expect(await persistence.asOwner('select number from shared.task order by 1')).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });
});

describe('a stream', () => {
  it('has nothing else sent in its transaction, which would wait for it for ever', async () => {
    const unit = inAcme(() =>
      run(async () => {
        for await (const { id } of persistence.entityManager.stream(Member)) {
          await sql(`select '${id}'`);
        }
      }),
    );

    await expect(unit).rejects.toThrow(StreamOpen);
  });

  it('that is left open keeps nothing from ending', async () => {
    const unit = inAcme(() =>
      run(async () => {
        join('bob');
        await flush();
        await persistence.entityManager.stream(Member)[Symbol.asyncIterator]().next();
      }),
    );

    await expect(unit).rejects.toThrow(StreamOpen);
    expect(await members()).toEqual([]);
  });

  it('that others wait for ends with its time', async () => {
    const unit = inAcme(() =>
      run(
        async () => {
          const kysely = persistence.entityManager.getKysely();
          for await (const { id } of persistence.entityManager.stream(Member)) {
            await kysely
              .selectFrom<never>('member' as never)
              .where('id' as never, '=', id as never)
              .execute();
          }
        },
        { signal: AbortSignal.timeout(100) },
      ),
    );

    await expect(unit).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await inAcme(() => run(() => sql('select 1 as one')))).toEqual([{ one: 1 }]);
  });
});

describe('several requests that may be sent again, in one unit of work', () => {
  it('are all answered once', async () => {
    const idempotency = persistence.get(Idempotency);
    let done = 0;
    const ask = (key: string): Promise<unknown> =>
      idempotency.once({ key, fingerprint: key }, async () => `answer ${++done}`);

    await inAcme(() => run(() => ask('one').then(() => ask('two'))));
    await inAcme(() => run(() => run(() => ask('three'), { propagation: 'nested' })));
    const again = await inAcme(() => Promise.all(['one', 'two', 'three'].map(ask)));

    expect(again).toEqual(
      ['answer 1', 'answer 2', 'answer 3'].map((text) => ({ text, isRepeated: true })),
    );
  });
});
