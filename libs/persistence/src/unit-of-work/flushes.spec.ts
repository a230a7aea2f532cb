import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { email, Member, record } from '@tenantry/domain';
import { acme, connectPersistence, globex } from '../testing/persistence-harness.ts';
import { MEMBER, useUnitsOfWork } from '../testing/units-of-work.ts';
import { FlushFailed, FlushUnderWay, UnexpectedRollback } from './transaction-errors.ts';

const units = useUnitsOfWork();
const { run, inAcme, join, flush, sql, project, members, statuses: storedStatuses, events } = units;

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
    const other = await connectPersistence(units.persistence.config);
    other.orm.em.getEventManager().registerSubscriber({
      beforeFlush: async ({ em }) => {
        await (em as EntityManager).fork().execute('select 1');
      },
    });
    await units.persistence.asOwner(
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
      await units.persistence.asOwner('drop function shared.refuse() cascade');
      await other.stop();
    }
  });

  it('tell of a change with what stores it, though it was made during another one', async () => {
    const waits = async (): Promise<void> => {
      while (!units.persistence.entityManager.isInTransaction()) {
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

    expect(await storedStatuses()).toEqual(['on-hold', 'active']);
    expect(await events()).toEqual(['member.joined', 'project.status-changed']);
  });

  it('tell with it what those say who listen, and nothing that is not stored', async () => {
    const other = await connectPersistence(units.persistence.config);
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
      await units.persistence.asOwner(
        'select count(distinct xmin::text)::int as transactions from shared.outbox_event',
      ),
    ).toEqual([{ transactions: 1 }]);
  });

  it('are stored though something happens when they are, which is told by the next one', async () => {
    const other = await connectPersistence(units.persistence.config);
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
      const member = await units.persistence.members.getOrFail(MEMBER);
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
        units.persistence.entityManager.persist({ no: 'entity' });
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
      while (!units.persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
      units.persistence.entityManager.persist({ no: 'entity' });
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
        await units.persistence.asOwner('update shared.project set version = version + 1');
        one.change({ name: 'Stale' });
        join('bob');
        await flush().catch(() => undefined);
        await units.persistence.entityManager.refresh(one);
      }),
    );

    await expect(whole).rejects.toThrow(UnexpectedRollback);
    expect(await members()).toEqual([]);
    expect(await events()).toEqual([]);
  });

  it('outside of units of work is followed by no other: what that would store was forgotten too', async () => {
    const outcomes = await inAcme(async () => {
      const ada = await units.persistence.members.getOrFail(MEMBER);
      const bad = async (): Promise<void> => {
        units.persistence.members.add(
          new Member({ email: email('ada@example.com'), name: 'again' }),
        );
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
      units.persistence.members.add(new Member({ email: email('ada@example.com'), name: 'again' }));
      await expect(flush()).rejects.toThrow();
      units.persistence.entityManager.clear();
      (await units.persistence.members.getOrFail(MEMBER)).rename('lovelace');
      await flush();
    });

    expect(await members()).toEqual(['lovelace']);
  });

  it('loses no event of what it has not stored', async () => {
    await units.persistence.asOwner('alter table shared.outbox_event rename to elsewhere');
    await inAcme(async () => {
      const ada = await units.persistence.members.getOrFail(MEMBER);
      record(ada, { name: 'member.waved', data: {} });
      await expect(flush()).rejects.toThrow();
      await units.persistence.asOwner('alter table shared.elsewhere rename to outbox_event');
      await flush();
    });

    expect(await events()).toEqual(['member.waved']);
  });
});

describe('what is done beside a flush outside of units of work', () => {
  it('is no part of its transaction', async () => {
    const [first, beside] = await inAcme(async () => {
      const one = await project();
      await units.persistence.asOwner('update shared.project set version = version + 1');
      one.change({ name: 'Stale' });
      const flushed = flush();
      while (!units.persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
      const update = units.persistence.entityManager.nativeUpdate(
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
      while (!units.persistence.entityManager.isInTransaction()) {
        await new Promise(setImmediate);
      }
      join('two');
      await Promise.all([flush(), first]);
    });

    expect(await members()).toEqual(['one', 'two']);
  });

  it('by those who listened to an earlier one is none of that', async () => {
    const other = await connectPersistence(units.persistence.config);
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
        const ada = await units.persistence.members.getOrFail(MEMBER);
        const one = await project();
        join('first');
        one.change({ name: 'Two' });
        const first = flush();
        await sql('select 1');
        join('second');
        units.persistence.members.remove(ada);
        one.change({ status: 'on-hold' });
        one.addTask({ title: 'Late' });
        await first;
      }),
    );

    expect(await members()).toEqual(['first', 'second']);
    expect(await storedStatuses()).toEqual(['on-hold', 'active']);
    expect(await units.persistence.asOwner('select title from shared.task')).toEqual([
      { title: 'Late' },
    ]);
    expect(
      await units.persistence.asOwner(
        'select name, version from shared.project where tenant_id = ?',
        [acme.id],
      ),
    ).toEqual([{ name: 'Two', version: 3 }]);
    expect(
      await units.persistence.asOwner('select tenant_id from shared.member where id = ?', [MEMBER]),
    ).toEqual([{ tenant_id: globex.id }]);
  });
});

describe('what is asked for during the last flush of a unit of work', () => {
  it('is stored all the same', async () => {
    const other = await connectPersistence(units.persistence.config);
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
