import { email, Member, projectKey, record } from '@tenantry/domain';
import { MEMBER, useUnitsOfWork } from '../testing/units-of-work.ts';
import {
  EntityOfAnotherUnitOfWork,
  TransactionManaged,
  UnexpectedRollback,
} from './transaction-errors.ts';

const units = useUnitsOfWork();
const { run, inAcme, flush, sql, project, members, statuses: storedStatuses, events } = units;

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
              await units.persistence.projects.findByKey(projectKey('ONE'));
            },
            { propagation },
          );
        }),
      );

      await expect(whole).rejects.toThrow(EntityOfAnotherUnitOfWork);
      expect(await storedStatuses()).toEqual(['active', 'active']);
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
    expect(await units.persistence.asOwner('select distinct name from shared.project')).toEqual([
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
            units.persistence.unitOfWork.afterRollback(() => {
              one.change({ status: 'on-hold' });
            });
            await sql('select 1 / 0');
          },
          { propagation: 'requires_new' },
        );
        await part.catch(() => undefined);
      }),
    );

    expect(await storedStatuses()).toEqual(['on-hold', 'active']);
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
        const member = await units.persistence.members.getOrFail(MEMBER);
        units.persistence.members.remove(member);
        await flush();
        record(member, { name: 'member.left', data: {} });
      }),
    );

    expect(await events()).toEqual(['member.left']);
  });

  it('is not stored by a copy of its entity manager, past it', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const copy = units.persistence.entityManager.fork({ keepTransactionContext: true });
        copy.persist(new Member({ email: email('eve@example.com'), name: 'eve' }));
        await copy.flush();
      }),
    );

    await expect(whole).rejects.toThrow(TransactionManaged);
    expect(await members()).toEqual([]);
  });
});
