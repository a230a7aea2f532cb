import { AsyncLocalStorage } from 'node:async_hooks';
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
  Task,
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
  FlushFailed,
  FlushUnderWay,
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
/** Node's own, which it only has when it is asked for. */
async function collector(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import('node:v8'),
    import('node:vm'),
  ]);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
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

  it('have what is sent beside them wait, which would be undone with them', async () => {
    const insert = (name: string): string =>
      `insert into member (tenant_id, id, created_at, updated_at, email, name)
       values ('${acme.id}', gen_random_uuid(), now(), now(), '${name}@example.com', '${name}')`;
    const outcomes = await inAcme(() =>
      run(() =>
        Promise.allSettled([
          run(() => sleep(40).then(() => Promise.reject(new Error('fails'))), {
            propagation: 'nested',
          }),
          sleep(10).then(() => sql(insert('by-sql'))),
          sleep(10).then(async () => {
            join('flushed');
            await flush();
          }),
          run(async () => {
            await sql(insert('before'));
            await sleep(20);
            await sql(insert('after'));
          }),
        ]),
      ),
    );

    expect(statuses(outcomes)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(await members()).toEqual(['after', 'before', 'by-sql', 'flushed']);
    expect(await events()).toEqual(['member.joined']);
  });

  it('have no stream beside them', async () => {
    const stream = inAcme(() =>
      run(async () => {
        const nested = run(() => sleep(30), { propagation: 'nested' });
        await sleep(10);
        try {
          await persistence.entityManager.stream(Member)[Symbol.asyncIterator]().next();
        } finally {
          await nested;
        }
      }),
    );

    await expect(stream).rejects.toThrow(SavepointOpen);
  });

  it('may be parts of parts that are run at once', async () => {
    await inAcme(() =>
      run(() =>
        Promise.all(
          ['one', 'two', 'three'].map((name) =>
            run(async () => {
              await sql('select 1');
              await run(
                async () => {
                  join(name);
                },
                { propagation: 'nested' },
              );
              await sql('select 1');
            }),
          ),
        ),
      ),
    );

    expect(await members()).toEqual(['one', 'three', 'two']);
  });

  it('give what they have read and changed to the whole, as if it had done that itself', async () => {
    const task = (title: string) => async () =>
      (await persistence.projects.getForChange(PROJECT)).addTask({ title });
    await inAcme(() =>
      run(async () => {
        const ada = await persistence.members.getOrFail(MEMBER);
        const one = await persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'before', assignee: ada });
      }),
    );
    await inAcme(() =>
      run(async () => {
        const one = await project();
        const [before] = await persistence.entityManager.find(Task, {});
        const nested = await run(task('nested'), { propagation: 'nested' });

        expect(nested.project).toBe(one);
        expect(before!.project).toBe(one);
        nested.project.addTask({ title: 'after' });
      }),
    );

    expect(
      await persistence.asOwner('select number, title from shared.task order by number'),
    ).toEqual([
      { number: 1, title: 'before' },
      { number: 2, title: 'nested' },
      { number: 3, title: 'after' },
    ]);
    expect(
      await persistence.asOwner(
        'select last_task_number as last from shared.project where tenant_id = ?',
        [acme.id],
      ),
    ).toEqual([{ last: 3 }]);
  });

  it('have the whole see what they have added and removed', async () => {
    await inAcme(() =>
      run(async () => {
        const one = await persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'one' });
        await flush();
        await (one.tasks as unknown as { init(): Promise<unknown> }).init();
        const titles = (): string[] => [...one.tasks].map(({ title }) => title);
        expect(titles()).toEqual(['one']);

        await run(
          async () => {
            (await persistence.projects.getForChange(PROJECT)).addTask({ title: 'two' });
          },
          { propagation: 'nested' },
        );

        expect(titles()).toEqual(['one', 'two']);
      }),
    );
  });

  it('have nothing stored that was only looked at', async () => {
    await inAcme(() =>
      run(async () => {
        const assignee = await persistence.members.getOrFail(MEMBER);
        const one = await persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'one', assignee });
      }),
    );
    await inAcme(() =>
      run(async () => {
        const [task] = await persistence.entityManager.find(Task, {});
        await run(() => Promise.all([persistence.members.getOrFail(MEMBER), project()]), {
          propagation: 'nested',
        });
        // Somebody else, who is done before this ends.
        await persistence.asOwner(`update shared.member set email = 'new@example.com'`);
        await persistence.asOwner(`update shared.project set description = 'new'`);
        await persistence.asOwner(`update shared.task set title = 'new'`);
        task!.assignee!.rename('lovelace');
      }),
    );

    expect(
      await persistence.asOwner('select email, name from shared.member where tenant_id = ?', [
        acme.id,
      ]),
    ).toEqual([{ email: 'new@example.com', name: 'lovelace' }]);
    expect(
      await persistence.asOwner(
        `select p.description, p.version, t.title from shared.project p join shared.task t on t.project_id = p.id where p.tenant_id = ?`,
        [acme.id],
      ),
    ).toEqual([{ description: 'new', version: 2, title: 'new' }]);
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

  it('end before the whole does, even where nobody waits for them', async () => {
    await inAcme(() =>
      run(async () => {
        run(
          async () => {
            join('late');
            await flush();
            await sleep(30);
            throw new Error('late');
          },
          { propagation: 'nested' },
        ).catch(() => undefined);
        await sleep(10);
        join('early');
      }),
    );

    expect(await members()).toEqual(['early']);
  });
});

describe('a nested part that fails', () => {
  it('while others are under way in it lets nothing of them be stored', async () => {
    for (const pauses of [0, 1, 2, 3, 5, 8]) {
      await inAcme(() =>
        run(async () => {
          await run(
            async () => {
              join('refused');
              const one = await persistence.projects.getForChange(PROJECT);
              one.addTask({ title: 'refused' });
              one.change({ status: 'on-hold' });
              const fails = async (): Promise<void> => {
                for (let pause = 0; pause < pauses; pause += 1) {
                  await new Promise(setImmediate);
                }
                throw new Error('other');
              };
              await Promise.all([
                flush(),
                fails(),
                run(() => sql('select 1'), { propagation: 'nested' }),
              ]);
            },
            { propagation: 'nested' },
          ).catch(() => undefined);
          await sleep(30);
        }),
      );
    }

    expect(await members()).toEqual([]);
    expect(await statusesStored()).toEqual(['active', 'active']);
    expect(await persistence.asOwner('select last_task_number from shared.project')).toEqual([
      { last_task_number: 0 },
      { last_task_number: 0 },
    ]);
    expect(await events()).toEqual([]);
  });

  it('with others nested in it leaves the whole as it was', async () => {
    await inAcme(() =>
      run(async () => {
        await run(
          () =>
            Promise.all(
              ['ada', 'two', 'three'].map((name) =>
                run(
                  async () => {
                    join(name);
                    await flush();
                    await sql('select 1');
                  },
                  { propagation: 'nested' },
                ),
              ),
            ),
          { propagation: 'nested' },
        ).catch(() => undefined);
        join('whole');
        await flush();
        await sleep(40);
      }),
    );

    expect(await members()).toEqual(['whole']);
  });

  it('before others that are nested in it leaves the whole as it was, when they end', async () => {
    await inAcme(() =>
      run(async () => {
        const late = Promise.withResolvers<undefined>();
        await run(
          () =>
            Promise.all([
              run(
                () =>
                  sleep(60).then(() => {
                    late.resolve(undefined);
                    throw new Error('late');
                  }),
                { propagation: 'nested' },
              ),
              sleep(10).then(() => Promise.reject(new Error('early'))),
            ]),
          { propagation: 'nested' },
        ).catch(() => undefined);
        join('between');
        await flush();
        await late.promise;
        await sleep(20);
        join('after');
        await flush();
        await sql('select 1');
      }),
    );

    expect(await members()).toEqual(['after', 'between']);
  });

  it('since whoever asked for it has gone ends with all that waits for it', async () => {
    const unit = inAcme(() =>
      run(
        () =>
          Promise.all([
            run(() => run(() => sql('select pg_sleep(2)'), { propagation: 'nested' }), {
              propagation: 'nested',
            }),
            sleep(20).then(() => sql('select 1')),
            sleep(20).then(async () => {
              join('late');
              await flush();
            }),
          ]),
        { signal: AbortSignal.timeout(150) },
      ),
    );

    await expect(unit).rejects.toMatchObject({ kind: 'cancelled' });
    await sleep(50);
    expect(await members()).toEqual([]);
  });

  it.each(['required', 'nested', 'requires_new'] as const)(
    'may have that noted by a hook, in a unit of work (%s)',
    async (propagation) => {
      await inAcme(() =>
        run(async () => {
          const part = run(
            async () => {
              persistence.unitOfWork.afterRollback(() =>
                run(
                  async () => {
                    join('noted');
                  },
                  { propagation },
                ),
              );
              throw new Error('fails');
            },
            { propagation: 'nested' },
          );
          await part.catch(() => undefined);
        }),
      );

      expect(await members()).toEqual(['noted']);
    },
  );
});

describe('a nested part that has ended well, and cannot be taken over', () => {
  it('keeps the whole from being stored, since it is not to be undone any more', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const one = await persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'one' });
        await flush();
        const tasks = one.tasks as unknown as { init(): Promise<unknown> };
        await tasks.init();
        tasks.init = () => Promise.reject(new Error('cannot be read'));
        const nested = run(
          async () => {
            (await persistence.projects.getForChange(PROJECT)).addTask({ title: 'two' });
          },
          { propagation: 'nested' },
        );
        await nested.catch(() => undefined);
      }),
    );

    await expect(whole).rejects.toThrow(UnexpectedRollback);
    expect(await persistence.asOwner('select title from shared.task')).toEqual([]);
  });
});

describe('a part that nobody waits for', () => {
  it('keeps the whole from being stored', async () => {
    let late: Promise<unknown> = Promise.resolve();
    const whole = inAcme(() =>
      run(async () => {
        late = run(() => sleep(50)).catch(() => undefined);
        join('early');
      }),
    );

    await expect(whole).rejects.toThrow('is still under way');
    await late;
    expect(await members()).toEqual([]);
  });
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

  it('tell of a change with what stores it, though it was made during another one', async () => {
    const waits = async (): Promise<void> => {
      while (!persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
    };
    await inAcme(async () => {
      const one = await project();
      join('one');
      const first = flush();
      await waits();
      one.change({ status: 'on-hold' });
      await first;
      expect(await events()).toEqual(['member.joined']);
      await flush();
    });

    expect(await statusesStored()).toEqual(['on-hold', 'active']);
    expect(await events()).toEqual(['member.joined', 'project.status-changed']);
  });

  it('tell with it what those say who listen, and nothing that is not stored', async () => {
    const other = await connectPersistence(persistence.config);
    let told = false;
    other.orm.em.getEventManager().registerSubscriber({
      afterCreate: ({ entity }) => {
        if (entity instanceof Member && !told) {
          told = true;
          record(entity, { name: 'member.greeted', data: {} });
        }
      },
    });
    await other.context.run(acme, async () => {
      other.members.add(new Member({ email: email('bob@example.com'), name: 'bob' }));
      await other.entityManager.flush();
    });
    await other.stop();

    expect(await events()).toEqual(['member.joined', 'member.greeted']);
    expect(
      await persistence.asOwner(
        'select count(distinct xmin::text)::int as transactions from shared.outbox_event',
      ),
    ).toEqual([{ transactions: 1 }]);
  });

  it('are stored though something happens when they are, which is told by the next one', async () => {
    const other = await connectPersistence(persistence.config);
    let told = false;
    const bob = new Member({ email: email('bob@example.com'), name: 'bob' });
    other.orm.em.getEventManager().registerSubscriber({
      afterFlush: () => {
        if (!told) {
          told = true;
          record(bob, { name: 'member.greeted', data: {} });
        }
      },
    });
    await other.context.run(acme, async () => {
      other.members.add(bob);
      await other.entityManager.flush();
      expect(await events()).toEqual(['member.joined']);
      await other.entityManager.flush();
    });
    await other.stop();

    expect(await events()).toEqual(['member.joined', 'member.greeted']);
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

describe('what is asked for during a flush, and cannot be had', () => {
  it('keeps none of the rest from being had, and is no affair of that flush', async () => {
    const outcomes: string[] = [];
    const whole = inAcme(() =>
      run(async () => {
        join('one');
        const first = flush();
        await sql('select 1');
        persistence.entityManager.persist({ no: 'entity' });
        join('two');
        await first.then(() => outcomes.push('first'));
        await flush().catch(() => outcomes.push('second fails'));
      }),
    );

    await expect(whole).rejects.toThrow(UnexpectedRollback);
    expect(outcomes).toEqual(['first', 'second fails']);
    expect(await members()).toEqual([]);
    expect(await events()).toEqual([]);
  });

  it('is refused with the next one outside of units of work', async () => {
    const next = inAcme(async () => {
      join('one');
      const first = flush();
      while (!persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
      persistence.entityManager.persist({ no: 'entity' });
      join('two');
      await first;
      await flush();
    });

    await expect(next).rejects.toThrow();
    expect(await members()).toEqual(['one']);
    expect(await events()).toEqual(['member.joined']);
  });
});

describe('a flush that fails', () => {
  it('keeps its unit of work from being stored, however it is dealt with', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const one = await project();
        await persistence.asOwner('update shared.project set version = version + 1');
        one.change({ name: 'Stale' });
        join('bob');
        await flush().catch(() => undefined);
        await persistence.entityManager.refresh(one);
      }),
    );

    await expect(whole).rejects.toThrow(UnexpectedRollback);
    expect(await members()).toEqual([]);
    expect(await events()).toEqual([]);
  });

  it('outside of units of work is followed by no other: what that would store was forgotten too', async () => {
    const outcomes = await inAcme(async () => {
      const ada = await persistence.members.getOrFail(MEMBER);
      const bad = async (): Promise<void> => {
        persistence.members.add(new Member({ email: email('ada@example.com'), name: 'again' }));
        await flush();
      };
      const good = async (): Promise<void> => {
        ada.rename('lovelace');
        await flush();
      };
      return Promise.allSettled([bad(), good(), good()]);
    });

    expect(outcomes).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected', reason: expect.any(FlushFailed) as Error },
      { status: 'rejected', reason: expect.any(FlushFailed) as Error },
    ]);
    expect(await members()).toEqual([]);
  });

  it('outside of units of work is over when the entity manager is cleared', async () => {
    await inAcme(async () => {
      persistence.members.add(new Member({ email: email('ada@example.com'), name: 'again' }));
      await expect(flush()).rejects.toThrow();
      persistence.entityManager.clear();
      (await persistence.members.getOrFail(MEMBER)).rename('lovelace');
      await flush();
    });

    expect(await members()).toEqual(['lovelace']);
  });

  it('loses no event of what it has not stored', async () => {
    await persistence.asOwner('alter table shared.outbox_event rename to elsewhere');
    await inAcme(async () => {
      const ada = await persistence.members.getOrFail(MEMBER);
      record(ada, { name: 'member.waved', data: {} });
      await expect(flush()).rejects.toThrow();
      await persistence.asOwner('alter table shared.elsewhere rename to outbox_event');
      await flush();
    });

    expect(await events()).toEqual(['member.waved']);
  });
});

describe('what is done beside a flush outside of units of work', () => {
  it('is no part of its transaction', async () => {
    const [first, beside] = await inAcme(async () => {
      const one = await project();
      await persistence.asOwner('update shared.project set version = version + 1');
      one.change({ name: 'Stale' });
      const flushed = flush();
      while (!persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
      const update = persistence.entityManager.nativeUpdate(
        Member,
        { id: MEMBER },
        { name: 'lovelace' },
      );
      return Promise.allSettled([flushed, update]);
    });

    expect(first.status).toBe('rejected');
    expect(beside).toMatchObject({
      status: 'rejected',
      reason: expect.any(FlushUnderWay) as Error,
    });
    expect(await members()).toEqual([]);
  });

  it('may be another one, which comes next', async () => {
    await inAcme(async () => {
      join('one');
      const first = flush();
      while (!persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
      join('two');
      await Promise.all([flush(), first]);
    });

    expect(await members()).toEqual(['one', 'two']);
  });

  it('by those who listened to an earlier one is none of that', async () => {
    const other = await connectPersistence(persistence.config);
    let later: Promise<void> | undefined;
    other.orm.em.getEventManager().registerSubscriber({
      afterFlush: ({ em }) => {
        later ??= sleep(20).then(async () => {
          em.persist(new Member({ email: email('late@example.com'), name: 'late' }));
          await em.flush();
        });
      },
    });
    await other.context.run(acme, async () => {
      other.members.add(new Member({ email: email('early@example.com'), name: 'early' }));
      await other.entityManager.flush();
      await later;
    });
    await other.stop();

    expect(await members()).toEqual(['early', 'late']);
    expect(await events()).toEqual(['member.joined', 'member.joined']);
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

describe('what is asked for during the last flush of a unit of work', () => {
  it('is stored all the same', async () => {
    const other = await connectPersistence(persistence.config);
    let beside: (() => void) | undefined;
    other.orm.em.getEventManager().registerSubscriber({
      beforeCreate: () => {
        beside?.();
        beside = undefined;
      },
    });
    await other.as(acme, async () => {
      const here = AsyncLocalStorage.snapshot();
      const add = (name: string): void => {
        other.members.add(new Member({ email: email(`${name}@example.com`), name }));
      };
      add('one');
      beside = () => {
        here(add, 'two');
      };
    });
    await other.stop();

    expect(await members()).toEqual(['one', 'two']);
  });
});

describe('the results of nested units of work', () => {
  it('are not kept by the whole', async () => {
    const collect = (globalThis as { gc?: () => void }).gc ?? (await collector());
    const alive = await inAcme(() =>
      run(async () => {
        const results: WeakRef<object>[] = [];
        for (let index = 0; index < 50; index += 1) {
          const result = await run(() => Promise.resolve({ index }), { propagation: 'nested' });
          results.push(new WeakRef(result));
        }
        await sleep(10);
        collect();
        return results.filter((result) => result.deref()).length;
      }),
    );

    expect(alive).toBeLessThan(5);
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

  it('may be changed when a part with a transaction of its own has failed, even by its hooks', async () => {
    await inAcme(() =>
      run(async () => {
        const one = await project();
        const part = run(
          async () => {
            persistence.unitOfWork.afterRollback(() => {
              one.change({ status: 'on-hold' });
            });
            await sql('select 1 / 0');
          },
          { propagation: 'requires_new' },
        );
        await part.catch(() => undefined);
      }),
    );

    expect(await statusesStored()).toEqual(['on-hold', 'active']);
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

describe('what was changed before it is read for a change', () => {
  it('is refused when others have changed it meanwhile', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const one = await project();
        await persistence.asOwner(
          `update shared.project set name = 'Other', version = version + 1`,
        );
        one.change({ name: 'Mine' });
        await persistence.projects.getForChange(PROJECT);
      }),
    );

    await expect(whole).rejects.toMatchObject({ kind: 'stale' });
    expect(await persistence.asOwner('select distinct name from shared.project')).toEqual([
      { name: 'Other' },
    ]);
  });
});

describe('what is read for a change by two at once', () => {
  it.each([
    ['in parts', run],
    ['without', <Result>(work: () => Promise<Result>): Promise<Result> => work()],
  ])('%s, is changed by both', async (_how, part) => {
    await inAcme(() =>
      run(() =>
        Promise.all([
          part(async () => {
            (await persistence.projects.getForChange(PROJECT)).change({ status: 'on-hold' });
          }),
          part(async () => {
            const one = await persistence.projects.getForChange(PROJECT);
            one.change({ description: 'new' });
            one.addTask({ title: 'one' });
          }),
          part(async () => {
            (await persistence.projects.getForChange(PROJECT)).addTask({ title: 'two' });
          }),
        ]),
      ),
    );

    expect(
      await persistence.asOwner(
        'select status, description, last_task_number as tasks from shared.project where tenant_id = ?',
        [acme.id],
      ),
    ).toEqual([{ status: 'on-hold', description: 'new', tasks: 2 }]);
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

  it('in a nested part has nothing sent by way of what is around that either', async () => {
    const unit = inAcme(() =>
      persistence.transactional.run((outer) =>
        run(
          async () => {
            for await (const { id } of persistence.entityManager.stream(Member)) {
              await outer.execute(`select '${id}'`);
            }
          },
          { propagation: 'nested' },
        ),
      ),
    );

    await expect(unit).rejects.toThrow(StreamOpen);
  });

  it('keeps nobody from what is another transaction', async () => {
    const found = await inAcme(() =>
      run(async () => {
        const names: unknown[] = [];
        for await (const { id } of persistence.entityManager.stream(Member)) {
          names.push(
            await run(() => persistence.members.findById(id as never), {
              propagation: 'not_supported',
            }),
            await persistence.context.run(globex, () => persistence.members.findById(id as never)),
          );
        }
        return names;
      }),
    );

    expect(found).toMatchObject([{ name: 'ada' }, { name: 'ada' }]);
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
