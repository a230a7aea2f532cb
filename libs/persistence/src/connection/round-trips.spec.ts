import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { Member, type MemberId, newId, record } from '@tenantry/domain';
import { sql as kyselySql } from 'kysely';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { messagesOf } from '../testing/messages.ts';
import { acme, globex } from '../testing/persistence-harness.ts';
import { readPoolStatistics } from './pool-statistics.ts';
import type { SupervisedConnection } from './supervised-connection.ts';
import { useUnitsOfWork } from '../testing/units-of-work.ts';
import { currentScope } from '../tenant-context/scope.ts';
import { UnexpectedRollback } from '../unit-of-work/transaction-errors.ts';

const units = useUnitsOfWork();
const { run, inAcme, sql } = units;
const manager = () => units.persistence.entityManager;
const id = newId<'Member'>() satisfies MemberId;

// Both have a member with the same id.
beforeAll(async () => {
  await units.persistence.asOwner(`
    create function shared.sign_up(name text) returns int language sql as $$
      insert into shared.member (tenant_id, id, created_at, updated_at, email, name)
      values (current_setting('app.tenant_id')::uuid, gen_random_uuid(), now(), now(), name || '@example.com', name) returning 1 $$`);
});

beforeEach(async () => {
  await units.persistence.asOwner('truncate shared.member cascade');
  for (const { id: tenant, slug } of [acme, globex]) {
    await units.persistence.asOwner(
      `insert into shared.member (tenant_id, id, created_at, updated_at, email, name)
       values (?, ?, now(), now(), ?, ?)`,
      [tenant, id, `${slug}@example.com`, slug],
    );
  }
  // A connection that has just answered.
  await inAcme(() => sql('select 1'));
});

afterEach(async () => {
  const { total, idle } = await readPoolStatistics(units.persistence.get(MikroORM));
  expect(total - idle).toBe(0);
});

const nameOf = (): Promise<unknown> =>
  manager()
    .findOneOrFail(Member, { id }, { refresh: true })
    .then(({ name }) => name);

describe('a read outside of units of work', () => {
  it('can be stopped by a signal of its own', async () => {
    const stopping = new AbortController();
    const began = Date.now();
    setTimeout(() => {
      stopping.abort();
    }, 200).unref();

    const stopped = inAcme(() =>
      manager()
        .fork({ signal: stopping.signal, inflightQueryAbortStrategy: 'cancel query' })
        .execute('select pg_sleep(5)'),
    );

    await expect(stopped).rejects.toThrow();
    expect(Date.now() - began).toBeLessThan(2_000);
  });

  it.each<[string, () => Promise<unknown>, unknown]>([
    ['by key', nameOf, 'acme'],
    ['of a list', async () => (await manager().find(Member, {})).map(({ name }) => name), ['acme']],
    ['of a count', () => manager().count(Member, {}), 1],
    [
      'by a query builder',
      () => manager().createQueryBuilder(Member).select('name').execute(),
      [{ name: 'acme' }],
    ],
    ['by SQL', () => sql('select name from member'), [{ name: 'acme' }]],
    ['by SQL that ends in a comment', () => sql('select name from member --'), [{ name: 'acme' }]],
    ['by SQL that ends', () => sql('select name from member;'), [{ name: 'acme' }]],
    [
      'by SQL with values',
      () => manager().execute('select name from member where name <> ?', [`'; commit; --`]),
      [{ name: 'acme' }],
    ],
    [
      'in a repository',
      () => units.persistence.members.findById(id).then((member) => member?.name),
      'acme',
    ],
  ])('%s is one message', async (_what, read, expected) => {
    let found: unknown;
    const messages = await messagesOf(() =>
      inAcme(async () => {
        found = await read();
      }),
    );

    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/; begin read only; .*; select .*; commit$/s);
    expect(found).toEqual(expected);
  });

  it('is each tenant’s own, on the same connection', async () => {
    const read = (tenant = acme) => units.persistence.context.run(tenant, nameOf);

    expect([await read(), await read(globex), await read()]).toEqual(['acme', 'globex', 'acme']);
  });

  it('leaves replicas to be asked by those who come after it', async () => {
    const hasStored = await inAcme(async () => {
      await nameOf();
      return currentScope().hasStored;
    });

    expect(hasStored).toBe(false);
  });

  it('that writes all the same, by way of a function, is stored', async () => {
    await inAcme(() => sql(`select sign_up('ada')`));

    expect(await inAcme(() => manager().count(Member, { name: 'ada' }))).toBe(1);
  });

  it('that fails is told why, and the next one is not', async () => {
    await expect(inAcme(() => sql('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
    await expect(inAcme(() => sql('select 1 from'))).rejects.toMatchObject({ code: '42601' });
    await expect(inAcme(() => sql('select * from nothing'))).rejects.toMatchObject({
      code: '42P01',
    });

    expect(await inAcme(nameOf)).toBe('acme');
  });

  it('cannot leave its transaction', async () => {
    for (const end of ['commit', 'rollback', 'commit; begin', 'rollback; reset role']) {
      const text = `select 1; ${end}; select name from shared.member`;
      await expect(inAcme(() => sql(text))).rejects.toThrow();
    }

    expect(await inAcme(nameOf)).toBe('acme');
  });

  it('begins by itself on a connection that has not been heard of', async () => {
    await sleep(1_100);
    const messages = await messagesOf(() => inAcme(nameOf));

    expect(messages.map((text) => text.replace(/^begin; close all.*/, 'begin'))).toEqual([
      'begin',
      expect.stringMatching(/^select/),
      'commit',
    ]);
  });
});

describe('a write outside of units of work', () => {
  it('is told when it is stored, by the answer to its COMMIT', async () => {
    const messages = await messagesOf(() =>
      inAcme(() => manager().nativeUpdate(Member, { id }, { name: 'ada' })),
    );

    expect(messages).toEqual([expect.stringMatching(/; update .*$/s), 'commit']);
    expect(await inAcme(nameOf)).toBe('ada');
    expect(await units.persistence.context.run(globex, nameOf)).toBe('globex');
  });
});

describe('what is sent on a connection before it is known whether its transaction has begun', () => {
  const UPDATE = `update shared.member set name = 'stolen' returning tenant_id`;

  it.each<[string, (client: pg.PoolClient) => Promise<unknown>]>([
    ['a statement', (client) => client.query(UPDATE)],
    ['one with parameters', (client) => client.query(`${UPDATE}, $1::text`, ['x'])],
    ['a cursor', (client) => client.query(new Cursor(UPDATE)).read(10)],
  ])('%s waits, and is never in the session that another tenant has left', async (_what, send) => {
    await inAcme(() =>
      run(() =>
        sql(`select set_config('role', 'tenantry_shared', false), set_config('search_path', 'shared', false),
          set_config('app.tenant_id', '${acme.id}', false)`),
      ),
    );
    const connection = units.persistence.orm.driver.getConnection() as SupervisedConnection;
    const pool = await connection.getNativeClient();

    const outcomes = await units.persistence.context.run(globex, async () => {
      const client = await pool.connect();
      await client.query('begin');
      // It cannot be parsed, so nothing of its message is done: neither forgotten nor begun.
      const both = await Promise.allSettled([client.query('select 1 from'), send(client)]);
      await client.query('rollback');
      client.release();
      return both.map(({ status }) => status);
    });

    expect(outcomes).toEqual(['rejected', 'rejected']);
    expect(await inAcme(nameOf)).toBe('acme');
  });
});

describe('a unit of work', () => {
  it('begins with its first statement', async () => {
    const messages = await messagesOf(() =>
      inAcme(() =>
        run(async () => {
          await sql('select 1');
          await sql('select 2');
        }),
      ),
    );

    expect(messages).toEqual([
      expect.stringMatching(/^begin; close all; .*; begin; set local .*; select 1$/),
      'select 2',
      expect.stringMatching(/commit$/),
    ]);
  });

  it('sends nothing when there is nothing in it', async () => {
    const nothing = () => Promise.resolve();

    expect(await messagesOf(() => inAcme(() => run(nothing)))).toEqual([]);
    expect(await messagesOf(() => inAcme(() => run(nothing, { readOnly: true })))).toEqual([]);
  });

  it('that fails before it has sent anything has nothing to undo', async () => {
    const fails = () => Promise.reject(new RangeError('no'));
    const messages = await messagesOf(() => inAcme(() => run(fails)).catch(() => 0));

    expect(messages).toEqual([]);
  });

  it('in which something has happened, and nothing was changed, is one message', async () => {
    await inAcme(async () => {
      const member = await units.persistence.members.getOrFail(id);
      record(member, { name: 'member.waved', data: {} });
      const messages = await messagesOf(() => manager().flush());

      expect(messages).toEqual([expect.stringMatching(/; insert into .*outbox_event.*; commit$/s)]);
    });

    expect(await units.events()).toEqual(['member.waved']);
  });

  it('has its level, also in one message', async () => {
    const level = await inAcme(() =>
      run(() => sql('show transaction_isolation'), { isolationLevel: 'serializable' }),
    );

    expect(level).toEqual([{ transaction_isolation: 'serializable' }]);
  });

  it('can begin with a savepoint, which can be undone', async () => {
    await inAcme(() =>
      run(async () => {
        const part = run(
          async () => {
            await sql(`select sign_up('undone')`);
            await sql('select 1 / 0');
          },
          { propagation: 'nested' },
        );
        await expect(part).rejects.toMatchObject({ code: '22012' });
        await sql(`select sign_up('kept')`);
      }),
    );

    expect(await inAcme(() => manager().count(Member, { name: 'undone' }))).toBe(0);
    expect(await inAcme(() => manager().count(Member, { name: 'kept' }))).toBe(1);
  });

  it('can begin with what is answered in pieces, or has parameters', async () => {
    const streamed = await inAcme(() =>
      run(async () => {
        const names: string[] = [];
        for await (const { name } of manager().stream(Member)) {
          names.push(name);
        }
        return names;
      }),
    );
    const built = await inAcme(() =>
      run(() => kyselySql`select ${'x'} as x, name from member`.execute(manager().getKysely())),
    );

    expect(streamed).toEqual(['acme']);
    expect(built.rows).toEqual([{ x: 'x', name: 'acme' }]);
  });

  it.each(['select 1 from', 'select 1 / 0', `select 'open`])(
    'whose first statement (%s) fails and is forgiven is not stored',
    async (first) => {
      const unit = inAcme(() =>
        run(async () => {
          await sql(first).catch(() => 0);
          await expect(sql(`select sign_up('ada')`)).rejects.toMatchObject({ code: '25P02' });
        }),
      );

      await expect(unit).rejects.toThrow(UnexpectedRollback);
      expect(await inAcme(() => manager().count(Member, { name: 'ada' }))).toBe(0);
    },
  );

  it('for a placement that is not there fails, and sends nothing else', async () => {
    const nowhere = { ...acme, schema: 't_0190000000007000800000000000dead' };
    for (const work of [
      (): Promise<unknown> => sql('select 1'),
      () => run(() => sql('select 1')),
      () => run(() => kyselySql`select ${1} as one`.execute(manager().getKysely())),
      () => run(() => manager().stream(Member).next()),
    ]) {
      await expect(units.persistence.context.run(nowhere, work)).rejects.toMatchObject({
        message: expect.stringMatching(/does not exist|could not begin/) as string,
      });
    }

    expect(await inAcme(nameOf)).toBe('acme');
  });
});
