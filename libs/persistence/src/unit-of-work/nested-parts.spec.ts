import { setTimeout as sleep } from 'node:timers/promises';
import { email, Member, Task } from '@tenantry/domain';
import { acme } from '../testing/persistence-harness.ts';
import { MEMBER, PROJECT, useUnitsOfWork } from '../testing/units-of-work.ts';
import { SavepointOpen, UnexpectedRollback } from './transaction-errors.ts';

const units = useUnitsOfWork();
const { run, inAcme, join, flush, sql, project, members, statuses: storedStatuses, events } = units;
const statuses = (outcomes: PromiseSettledResult<unknown>[]): string[] =>
  outcomes.map(({ status }) => status);

/** Node's own, which it only has when it is asked for. */
async function collector(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import('node:v8'),
    import('node:vm'),
  ]);
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

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
          await units.persistence.entityManager.stream(Member)[Symbol.asyncIterator]().next();
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
      (await units.persistence.projects.getForChange(PROJECT)).addTask({ title });
    await inAcme(() =>
      run(async () => {
        const ada = await units.persistence.members.getOrFail(MEMBER);
        const one = await units.persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'before', assignee: ada });
      }),
    );
    await inAcme(() =>
      run(async () => {
        const one = await project();
        const [before] = await units.persistence.entityManager.find(Task, {});
        const nested = await run(task('nested'), { propagation: 'nested' });

        expect(nested.project).toBe(one);
        expect(before!.project).toBe(one);
        nested.project.addTask({ title: 'after' });
      }),
    );

    expect(
      await units.persistence.asOwner('select number, title from shared.task order by number'),
    ).toEqual([
      { number: 1, title: 'before' },
      { number: 2, title: 'nested' },
      { number: 3, title: 'after' },
    ]);
    expect(
      await units.persistence.asOwner(
        'select last_task_number as last from shared.project where tenant_id = ?',
        [acme.id],
      ),
    ).toEqual([{ last: 3 }]);
  });

  it('have the whole see what they have added and removed', async () => {
    await inAcme(() =>
      run(async () => {
        const one = await units.persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'one' });
        await flush();
        await (one.tasks as unknown as { init(): Promise<unknown> }).init();
        const titles = (): string[] => [...one.tasks].map(({ title }) => title);
        expect(titles()).toEqual(['one']);

        await run(
          async () => {
            (await units.persistence.projects.getForChange(PROJECT)).addTask({ title: 'two' });
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
        const assignee = await units.persistence.members.getOrFail(MEMBER);
        const one = await units.persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'one', assignee });
      }),
    );
    await inAcme(() =>
      run(async () => {
        const [task] = await units.persistence.entityManager.find(Task, {});
        await run(() => Promise.all([units.persistence.members.getOrFail(MEMBER), project()]), {
          propagation: 'nested',
        });
        // Somebody else, who is done before this ends.
        await units.persistence.asOwner(
          `update shared.member set email = 'new@example.com', email_lower = 'new@example.com'`,
        );
        await units.persistence.asOwner(`update shared.project set description = 'new'`);
        await units.persistence.asOwner(`update shared.task set title = 'new'`);
        task!.assignee!.rename('lovelace');
      }),
    );

    expect(
      await units.persistence.asOwner('select email, name from shared.member where tenant_id = ?', [
        acme.id,
      ]),
    ).toEqual([{ email: 'new@example.com', name: 'lovelace' }]);
    expect(
      await units.persistence.asOwner(
        `select p.description, p.version, t.title from shared.project p join shared.task t on t.project_id = p.id where p.tenant_id = ?`,
        [acme.id],
      ),
    ).toEqual([{ description: 'new', version: 2, title: 'new' }]);
  });

  it('are not left by way of the entity manager around them', async () => {
    const whole = inAcme(() =>
      units.persistence.transactional.run((outer) =>
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
      units.persistence.transactional.run((outer) =>
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
              const one = await units.persistence.projects.getForChange(PROJECT);
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
    expect(await storedStatuses()).toEqual(['active', 'active']);
    expect(await units.persistence.asOwner('select last_task_number from shared.project')).toEqual([
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
              units.persistence.unitOfWork.afterRollback(() =>
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
        const one = await units.persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'one' });
        await flush();
        const tasks = one.tasks as unknown as { init(): Promise<unknown> };
        await tasks.init();
        tasks.init = () => Promise.reject(new Error('cannot be read'));
        const nested = run(
          async () => {
            (await units.persistence.projects.getForChange(PROJECT)).addTask({ title: 'two' });
          },
          { propagation: 'nested' },
        );
        await nested.catch(() => undefined);
      }),
    );

    await expect(whole).rejects.toThrow(UnexpectedRollback);
    expect(await units.persistence.asOwner('select title from shared.task')).toEqual([]);
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
