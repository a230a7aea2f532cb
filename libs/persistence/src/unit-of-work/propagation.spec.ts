import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  email,
  Member,
  type Project,
  type ProjectId,
  Project as ProjectClass,
  projectKey,
} from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import {
  EntityOfAnotherUnitOfWork,
  PropagationMismatch,
  UnexpectedRollback,
} from './transaction-errors.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

beforeEach(async () => {
  await persistence.asOwner('truncate shared.member, shared.project, shared.task');
});

const run: Persistence['unitOfWork']['run'] = (work, options) =>
  persistence.unitOfWork.run(work, options);
const inAcme = <Result>(work: () => Promise<Result>): Promise<Result> =>
  persistence.context.run(acme, work);
const join = (name: string): void => {
  persistence.members.add(
    new Member({ email: email(`${name.replace(' ', '-')}@example.com`), name }),
  );
};
const joins = (name: string) => async (): Promise<void> => {
  join(name);
};
const joinsAndFails = (name: string) => async (): Promise<void> => {
  join(name);
  await persistence.entityManager.flush();
  throw new RangeError(name);
};
const names = async (): Promise<string[]> =>
  (await persistence.asOwner<{ name: string }[]>('select name from shared.member order by 1')).map(
    ({ name }) => name,
  );
const transactionId = async (): Promise<unknown> => {
  const [row] = await persistence.entityManager.execute<{ id: unknown }[]>(
    'select pg_current_xact_id()::text as id',
  );
  return row?.id;
};

/** Within a unit of work: which transaction the inner one had, and the outer one. */
const idsIn = (propagation: Parameters<typeof run>[1]): Promise<unknown[]> =>
  inAcme(() =>
    run(async () => {
      const outer = await transactionId();
      return [outer, await run(transactionId, propagation), await transactionId()];
    }),
  );

describe('within another unit of work', () => {
  it.each(['required', 'nested', 'mandatory', 'supports'] as const)(
    '%s is in the same transaction',
    async (propagation) => {
      const [before, inner, after] = await idsIn({ propagation });

      expect(inner).toBe(before);
      expect(after).toBe(before);
    },
  );

  it.each(['requires_new', 'not_supported'] as const)(
    '%s is in another one',
    async (propagation) => {
      const [before, inner, after] = await idsIn({ propagation });

      expect(inner).not.toBe(before);
      expect(after).toBe(before);
    },
  );

  it('never is refused', async () => {
    await expect(idsIn({ propagation: 'never' })).rejects.toThrow(/transaction/);
  });
});

describe('without another unit of work', () => {
  it.each(['required', 'nested', 'requires_new'] as const)(
    '%s is a transaction',
    async (propagation) => {
      const ids = await inAcme(() =>
        run(async () => [await transactionId(), await transactionId()], { propagation }),
      );

      expect(ids[1]).toBe(ids[0]);
    },
  );

  it.each(['supports', 'not_supported', 'never'] as const)('%s is none', async (propagation) => {
    const ids = await inAcme(() =>
      run(async () => [await transactionId(), await transactionId()], { propagation }),
    );

    expect(ids[1]).not.toBe(ids[0]);
  });

  it('mandatory is refused', async () => {
    await expect(inAcme(() => run(transactionId, { propagation: 'mandatory' }))).rejects.toThrow(
      /transaction/,
    );
  });

  it.each(['supports', 'not_supported', 'never'] as const)(
    '%s stores what was added, at the end',
    async (propagation) => {
      await inAcme(() => run(joins('ada'), { propagation }));

      expect(await names()).toEqual(['ada']);
    },
  );
});

describe('a unit of work that fails inside of another one, which catches it', () => {
  const withInner = (propagation: Parameters<typeof run>[1]): Promise<void> =>
    inAcme(() =>
      run(async () => {
        join('outer before');
        await run(joinsAndFails('inner'), propagation).catch(() => undefined);
        join('outer after');
      }),
    );

  it.each(['required', 'mandatory', 'supports'] as const)(
    'as %s takes the other one with it',
    async (propagation) => {
      await expect(withInner({ propagation })).rejects.toThrow(UnexpectedRollback);

      expect(await names()).toEqual([]);
    },
  );

  it.each(['nested', 'requires_new'] as const)('as %s does not', async (propagation) => {
    await withInner({ propagation });

    expect(await names()).toEqual(['outer after', 'outer before']);
  });

  it('cannot be joined by yet another one', async () => {
    let reached = false;
    const unit = inAcme(() =>
      run(async () => {
        await run(joinsAndFails('inner')).catch(() => undefined);
        await run(async () => {
          reached = true;
        });
      }),
    );

    await expect(unit).rejects.toThrow(UnexpectedRollback);
    expect(reached).toBe(false);
  });
});

describe('a unit of work that fails around one that has succeeded', () => {
  const aroundInner = (propagation: Parameters<typeof run>[1]): Promise<void> =>
    inAcme(() =>
      run(async () => {
        await run(joins('inner'), propagation);
        throw new RangeError('outer');
      }),
    );

  it.each(['required', 'nested'] as const)('takes it back when it is %s', async (propagation) => {
    await expect(aroundInner({ propagation })).rejects.toThrow(RangeError);
    expect(await names()).toEqual([]);
  });

  it.each(['requires_new', 'not_supported'] as const)(
    'leaves it when it is %s',
    async (propagation) => {
      await expect(aroundInner({ propagation })).rejects.toThrow(RangeError);
      expect(await names()).toEqual(['inner']);
    },
  );
});

describe('a part that is asked to be other than the whole', () => {
  it.each([
    ['more strictly isolated', {}, { isolationLevel: 'serializable' }],
    [
      'less strictly isolated',
      { isolationLevel: 'serializable' },
      { isolationLevel: 'read committed' },
    ],
    ['able to write, in one that only reads', { readOnly: true }, {}],
  ] as const)('%s is refused', async (_what, whole, part) => {
    for (const propagation of ['required', 'nested', 'mandatory', 'supports'] as const) {
      const unit = inAcme(() =>
        run(() => run(async () => undefined, { ...part, propagation }), whole),
      );
      await expect(unit).rejects.toThrow(PropagationMismatch);
    }
  });

  it.each([
    ['the same', { isolationLevel: 'serializable' }, { isolationLevel: 'serializable' }],
    ['nothing in particular', { isolationLevel: 'serializable' }, {}],
    ['reading only, in one that may write', {}, { readOnly: true }],
  ] as const)('%s is a part of it', async (_what, whole, part) => {
    expect(await inAcme(() => run(() => run(async () => 'done', part), whole))).toBe('done');
  });

  it('can have a transaction of its own', async () => {
    const level = await inAcme(() =>
      run(() =>
        run(() => persistence.entityManager.execute('show transaction_isolation'), {
          isolationLevel: 'serializable',
          propagation: 'requires_new',
        }),
      ),
    );

    expect(level).toEqual([{ transaction_isolation: 'serializable' }]);
  });
});

describe('a savepoint', () => {
  const settings = (): Promise<unknown> =>
    persistence.entityManager.execute(
      `select current_setting('app.tenant_id') as tenant, current_user as role, current_schema as schema,
         current_setting('statement_timeout') as statement`,
    );
  const leave = async (): Promise<void> => {
    await persistence.entityManager.execute(
      `select set_config('app.tenant_id', '${globex.id}', true), set_config('search_path', 'catalog', true),
         set_config('statement_timeout', '1ms', true)`,
    );
  };

  it.each([
    ['is released', leave],
    ['is undone', () => leave().then(() => Promise.reject(new Error('undone')))],
  ])('that has left the scope is back in it when it %s', async (_how, work) => {
    const [before, after] = await inAcme(() =>
      run(async () => {
        const first = await settings();
        await run(work, { propagation: 'nested' }).catch(() => undefined);
        return [first, await settings()];
      }),
    );

    expect(after).toEqual(before);
    expect(after).toMatchObject([{ tenant: acme.id }]);
  });

  it('in another one can be undone without that', async () => {
    await inAcme(() =>
      run(async () => {
        await run(
          async () => {
            join('one');
            await run(joinsAndFails('two'), { propagation: 'nested' }).catch(() => undefined);
            join('three');
          },
          { propagation: 'nested' },
        );
      }),
    );

    expect(await names()).toEqual(['one', 'three']);
  });

  it('whose work has swallowed an error is undone, and says so', async () => {
    await inAcme(() =>
      run(async () => {
        join('outer');
        const part = run(
          async () => {
            join('inner');
            await persistence.entityManager.execute('select 1 / 0').catch(() => undefined);
          },
          { propagation: 'nested' },
        );
        await expect(part).rejects.toThrow();
      }),
    );

    expect(await names()).toEqual(['outer']);
  });
});

describe('what a unit of work has read', () => {
  let id: ProjectId;

  beforeEach(async () => {
    const project = new ProjectClass({ key: projectKey('ONE'), name: 'One' });
    id = project.id;
    await persistence.as(acme, async () => {
      persistence.projects.add(project);
    });
  });

  const read = (): Promise<Project> => persistence.projects.getOrFail(id);
  const nameOf = async (): Promise<unknown> => {
    const [row] = await persistence.asOwner<{ name: string }[]>('select name from shared.project');
    return row?.name;
  };

  it('is not what the next one reads', async () => {
    await inAcme(async () => {
      const first = await run(read);
      await persistence.asOwner(`update shared.project set name = 'Changed'`);
      const second = await run(read);

      expect(second).not.toBe(first);
      expect(second.name).toBe('Changed');
      expect(first.name).toBe('One');
    });
  });

  it('cannot be changed when it has ended, since nobody would store that', async () => {
    await inAcme(async () => {
      const project = await run(read);

      expect(() => {
        project.change({ name: 'Lost' });
      }).toThrow(TypeError);
      await expect(
        run(async () => {
          project.change({ name: 'Lost' });
        }),
      ).rejects.toThrow(TypeError);
      await expect(
        run(async () => {
          persistence.projects.remove(project);
        }),
      ).rejects.toThrow(EntityOfAnotherUnitOfWork);
    });
  });

  it('can be looked at when it has ended, but brings nothing more', async () => {
    await inAcme(async () => {
      const project = await run(read);

      expect(project.name).toBe('One');
      await expect(
        (project.tasks as unknown as { load(): Promise<unknown> }).load(),
      ).rejects.toThrow('The unit of work has ended');
    });
  });

  it('outside of any is not changed within one unnoticed', async () => {
    const unit = inAcme(async () => {
      const project = await read();
      await run(async () => {
        project.change({ name: 'Lost' });
      });
    });

    await expect(unit).rejects.toThrow(EntityOfAnotherUnitOfWork);
    expect(await nameOf()).toBe('One');
  });

  it('outside of any can be changed and flushed there, around units of work', async () => {
    await inAcme(async () => {
      const project = await read();
      project.change({ name: 'Changed' });
      await run(joins('ada'));
      await persistence.entityManager.flush();
    });

    expect(await nameOf()).toBe('Changed');
    expect(await names()).toEqual(['ada']);
  });

  it('is not changed within one of its own transaction unnoticed', async () => {
    const unit = inAcme(() =>
      run(async () => {
        const project = await read();
        await run(
          async () => {
            project.change({ name: 'Lost' });
          },
          { propagation: 'requires_new' },
        );
      }),
    );

    await expect(unit).rejects.toThrow(EntityOfAnotherUnitOfWork);
    expect(await nameOf()).toBe('One');
  });

  it('shows what a savepoint within it has changed', async () => {
    await inAcme(() =>
      run(async () => {
        const project = await read();
        await run(
          async () => {
            (await read()).change({ name: 'By the savepoint' });
          },
          { propagation: 'nested' },
        );
        expect(project.name).toBe('By the savepoint');
        project.change({ description: 'after it' });
      }),
    );

    expect(
      await persistence.asOwner('select name, description, version from shared.project'),
    ).toEqual([{ name: 'By the savepoint', description: 'after it', version: 3 }]);
  });

  it('does not show what a savepoint has changed that was undone', async () => {
    await inAcme(() =>
      run(async () => {
        const project = await read();
        await run(
          async () => {
            (await read()).change({ name: 'Undone' });
            await persistence.entityManager.flush();
            throw new Error('undo');
          },
          { propagation: 'nested' },
        ).catch(() => undefined);
        expect(project.name).toBe('One');
        project.change({ description: 'after it' });
      }),
    );

    expect(
      await persistence.asOwner('select name, description, version from shared.project'),
    ).toEqual([{ name: 'One', description: 'after it', version: 2 }]);
  });

  it('keeps what was changed before a savepoint that was undone', async () => {
    await inAcme(() =>
      run(async () => {
        (await read()).change({ name: 'Before' });
        await run(joinsAndFails('ada'), { propagation: 'nested' }).catch(() => undefined);
      }),
    );

    expect(await nameOf()).toBe('Before');
  });

  it('takes it all back when a savepoint that was undone has changed what is not its own', async () => {
    const unit = inAcme(() =>
      run(async () => {
        const project = await read();
        await run(
          async () => {
            project.change({ name: 'Lost' });
            throw new Error('undo');
          },
          { propagation: 'nested' },
        ).catch(() => undefined);
      }),
    );

    await expect(unit).rejects.toThrow(UnexpectedRollback);
    expect(await nameOf()).toBe('One');
  });

  it('is gone for the outer one when a savepoint has removed it, and not when that was undone', async () => {
    await inAcme(() =>
      run(async () => {
        await read();
        const remove = async (): Promise<void> => {
          persistence.projects.remove(await read());
          await persistence.entityManager.flush();
        };
        await run(() => remove().then(() => Promise.reject(new Error('undo'))), {
          propagation: 'nested',
        }).catch(() => undefined);
        (await read()).change({ name: 'Still there' });
        await persistence.entityManager.flush();
        await run(remove, { propagation: 'nested' });
        expect(await persistence.projects.findById(id)).toBeNull();
      }),
    );

    expect(await nameOf()).toBeUndefined();
  });
});

describe('hooks', () => {
  let ran: string[];

  beforeEach(() => {
    ran = [];
  });

  const note = (what: string) => (): void => {
    ran.push(what);
  };
  const hook = (name: string): void => {
    persistence.unitOfWork.afterCommit(note(`${name} committed`));
    persistence.unitOfWork.afterRollback(note(`${name} rolled back`));
  };

  it('run once, when all is stored and outside of the transaction', async () => {
    await inAcme(() =>
      run(async () => {
        join('ada');
        persistence.unitOfWork.afterCommit(async () => {
          ran.push(...(await names()));
          await run(joins('bob'));
        });
      }),
    );

    expect(ran).toEqual(['ada']);
    expect(await names()).toEqual(['ada', 'bob']);
  });

  it('of a part run when the whole is stored, and in the order in which they were given', async () => {
    await inAcme(() =>
      run(async () => {
        hook('first');
        await run(async () => {
          hook('joined');
        });
        await run(
          async () => {
            hook('savepoint');
          },
          { propagation: 'nested' },
        );
        expect(ran).toEqual([]);
        await run(
          async () => {
            hook('own');
          },
          { propagation: 'requires_new' },
        );
        expect(ran).toEqual(['own committed']);
      }),
    );

    expect(ran).toEqual([
      'own committed',
      'first committed',
      'joined committed',
      'savepoint committed',
    ]);
  });

  it('after rollback run instead when the whole is undone', async () => {
    const unit = inAcme(() =>
      run(async () => {
        hook('outer');
        await run(
          async () => {
            hook('savepoint');
          },
          { propagation: 'nested' },
        );
        throw new RangeError();
      }),
    );

    await expect(unit).rejects.toThrow(RangeError);
    expect(ran).toEqual(['outer rolled back', 'savepoint rolled back']);
  });

  it('of a savepoint that is undone run at once, and not again', async () => {
    await inAcme(() =>
      run(async () => {
        hook('outer');
        await run(
          async () => {
            hook('savepoint');
            throw new Error();
          },
          { propagation: 'nested' },
        ).catch(() => undefined);
        expect(ran).toEqual(['savepoint rolled back']);
      }),
    );

    expect(ran).toEqual(['savepoint rolled back', 'outer committed']);
  });

  it('that fail are logged, change nothing of what was stored, and keep no other from running', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    await inAcme(() =>
      run(async () => {
        join('ada');
        persistence.unitOfWork.afterCommit(() => {
          throw new Error('in a hook');
        });
        persistence.unitOfWork.afterCommit(() => Promise.reject(new Error('in another one')));
        hook('last');
      }),
    );

    expect(await names()).toEqual(['ada']);
    expect(ran).toEqual(['last committed']);
    expect(error).toHaveBeenCalledTimes(2);
    error.mockRestore();
  });

  it('need a unit of work', async () => {
    await expect(
      inAcme(async () => {
        persistence.unitOfWork.afterCommit(note('never'));
      }),
    ).rejects.toThrow('There is no unit of work here');
  });
});
