import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Member, email } from '@tenantry/domain';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { TenantContextMissing } from './isolation-violation.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
  for (const tenant of [acme, globex, initech]) {
    await persistence.as(tenant, async () => {
      persistence.members.add(new Member({ email: email('ada@example.com'), name: tenant.slug }));
    });
  }
});

afterAll(() => persistence.stop());

/** Who the database says the rows belong to, for as long as there is only one member each. */
async function whose(): Promise<string | undefined> {
  const { items } = await persistence.members.page({ limit: 10 });
  return items.map(({ name }) => name).join();
}

describe('outside of any scope', () => {
  it.each<[string, () => unknown]>([
    ['a repository', () => persistence.members.findByEmail(email('ada@example.com'))],
    [
      'adding to a repository',
      () => {
        persistence.members.add(new Member({ email: email('a@b.c'), name: 'x' }));
      },
    ],
    ['the entity manager', () => persistence.entityManager.find(Member, {})],
    ['counting', () => persistence.entityManager.count(Member)],
    ['raw SQL', () => persistence.entityManager.execute('select 1')],
    ['a query builder', () => persistence.entityManager.createQueryBuilder(Member).getResult()],
    ['Kysely', () => persistence.entityManager.getKysely()],
    ['a fork', () => persistence.entityManager.fork()],
    ['a transaction', () => persistence.entityManager.transactional(() => Promise.resolve())],
    ['a unit of work', () => persistence.unitOfWork.run(() => Promise.resolve())],
    ['asking for the tenant', () => persistence.context.current()],
  ])('%s is refused', async (_way, use) => {
    await expect((async () => use())()).rejects.toThrow(TenantContextMissing);
  });

  it('is refused alike after connections have been used', async () => {
    await persistence.context.run(acme, whose);

    await expect(persistence.members.findByEmail(email('ada@example.com'))).rejects.toThrow(
      TenantContextMissing,
    );
  });

  it('a connection sends nothing, whether it is fresh or used', async () => {
    const connection = persistence.orm.driver.getConnection();

    await expect(connection.execute('select 1')).rejects.toThrow(TenantContextMissing);
    await expect(
      connection.transactional((transaction) =>
        connection.execute('select 1', [], 'all', transaction),
      ),
    ).rejects.toThrow(TenantContextMissing);
  });

  it('the app’s login has no right to anything, even without this library', async () => {
    const client = new pg.Client({ connectionString: persistence.config.database.url });
    await client.connect();

    for (const table of ['shared.member', 'catalog.tenant']) {
      await expect(client.query(`select * from ${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    await client.end();
  });
});

describe('within a tenant’s scope', () => {
  it('says who the tenant is', async () => {
    await persistence.context.run(acme, async () => {
      expect(persistence.context.current()).toBe(acme);
    });
  });

  it('holds through timers, events, and work that runs beside it', async () => {
    const emitter = new EventEmitter();
    const slugs = await Promise.all(
      [acme, globex, initech].map((tenant) =>
        persistence.context.run(tenant, async () => {
          await sleep(Math.random() * 10);
          setImmediate(() => emitter.emit(tenant.slug));
          await once(emitter, tenant.slug);
          return whose();
        }),
      ),
    );

    expect(slugs).toEqual(['acme', 'globex', 'initech']);
  });

  it('holds in the parts of a pipeline, whoever it is that pulls', async () => {
    const ask = async function* (source: AsyncIterable<unknown>): AsyncGenerator<string> {
      for await (const number of source) {
        yield `${String(number)} ${await whose()}`;
      }
    };
    const slugs = await Promise.all(
      [acme, globex].map((tenant) =>
        persistence.context.run(tenant, async () => {
          const heard: unknown[] = [];
          await pipeline(Readable.from([1, 2, 3]), ask, async (answers: AsyncIterable<unknown>) => {
            for await (const answer of answers) {
              heard.push(answer);
            }
          });
          return heard;
        }),
      ),
    );

    expect(slugs).toEqual([
      ['1 acme', '2 acme', '3 acme'],
      ['1 globex', '2 globex', '3 globex'],
    ]);
  });

  it('comes back after an inner scope, even one that failed', async () => {
    await persistence.context.run(acme, async () => {
      await persistence.context.run(globex, async () => {
        expect(await whose()).toBe('globex');
      });
      await expect(
        persistence.context.run(initech, () => Promise.reject(new Error('no'))),
      ).rejects.toThrow('no');

      expect(await whose()).toBe('acme');
    });
  });

  it('does not lend its transaction to an inner scope', async () => {
    const lost = persistence.as(acme, async () => {
      await persistence.as(globex, async () => {
        persistence.members.add(new Member({ email: email('kept@example.com'), name: 'globex' }));
      });
      persistence.members.add(new Member({ email: email('lost@example.com'), name: 'acme' }));
      throw new Error('acme’s work failed');
    });
    await expect(lost).rejects.toThrow('acme’s work failed');

    const kept = email('kept@example.com');
    expect(
      await persistence.as(globex, () => persistence.members.findByEmail(kept)),
    ).not.toBeNull();
    expect(await persistence.as(acme, () => persistence.members.findByEmail(kept))).toBeNull();
    expect(
      await persistence.as(acme, () => persistence.members.findByEmail(email('lost@example.com'))),
    ).toBeNull();
    await persistence.as(globex, async () => {
      persistence.members.remove((await persistence.members.findByEmail(kept))!);
    });
  });

  it('tells the server for one transaction, which the connection forgets', async () => {
    const told = `select current_user as role, current_setting('search_path') as path,
      current_setting('app.tenant_id', true) as tenant, current_setting('statement_timeout') as timeout`;

    const [within] = await persistence.context.run(acme, () =>
      persistence.entityManager.execute(told),
    );
    const pool = await persistence.orm.driver.getConnection().getNativeClient();
    const client = await pool.connect();
    // Past what would refuse it: the connection as it has been left.
    const query = pg.Client.prototype.query.bind(client) as (
      sql: string,
    ) => Promise<pg.QueryResult>;
    const [after] = (await query(told)).rows as object[];
    client.release();

    expect(within).toEqual({
      role: 'tenantry_shared',
      path: 'shared, pg_temp',
      tenant: acme.id,
      timeout: '15s',
    });
    expect(after).toEqual({
      role: 'tenantry_app',
      path: '"$user", public',
      tenant: '',
      timeout: '0',
    });
  });
});

describe('within the operator’s scope', () => {
  it('there is no tenant', async () => {
    await persistence.context.runAsOperator('a test', async () => {
      expect(() => persistence.context.current()).toThrow(TenantContextMissing);
      await expect(whose()).rejects.toThrow(TenantContextMissing);
    });
  });

  it('no tenant’s tables can be reached by SQL either', async () => {
    const attempt = persistence.context.runAsOperator('a test', () =>
      persistence.entityManager.execute('select * from shared.member'),
    );

    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  });

  it('a tenant-owned entity cannot be stored', async () => {
    const attempt = persistence.context.runAsOperator('a test', () =>
      persistence.unitOfWork.run(async () => {
        persistence.members.add(new Member({ email: email('x@example.com'), name: 'x' }));
      }),
    );

    await expect(attempt).rejects.toThrow(TenantContextMissing);
  });
});

describe('a placement whose name would make its role an operator’s', () => {
  it.each(['operator', 'reader', 'owner', 'tenant'])('is refused: %s', async (schema) => {
    const attempt = async (): Promise<unknown> =>
      persistence.context.run({ ...acme, schema }, () => Promise.resolve());

    await expect(attempt()).rejects.toThrow(RangeError);
  });
});

describe('an operator’s work', () => {
  const audited = (): Promise<object[]> =>
    persistence.asOwner(`select reason, login from catalog.audit where reason like 'audited%'`);

  it('is audited with its reason, also when it fails', async () => {
    await expect(
      persistence.context.runAsOperator('audited, and failing', () =>
        Promise.reject(new Error('no')),
      ),
    ).rejects.toThrow('no');

    expect(await audited()).toEqual([{ reason: 'audited, and failing', login: 'tenantry_app' }]);
  });

  it('is not done without a reason', async () => {
    let done = false;
    const attempt = persistence.context.runAsOperator(' ', async () => {
      done = true;
    });

    await expect(attempt).rejects.toMatchObject({ kind: 'invalid' });
    expect(done).toBe(false);
  });

  it('is not done when it cannot be audited', async () => {
    let done = false;
    await persistence.asOwner('revoke insert on catalog.audit from tenantry_operator');

    const attempt = persistence.context.runAsOperator('cannot be audited', async () => {
      done = true;
    });

    await expect(attempt).rejects.toMatchObject({ code: '42501' });
    expect(done).toBe(false);
    await persistence.asOwner('grant insert on catalog.audit to tenantry_operator');
  });

  it.each(['update catalog.audit set reason = null', 'delete from catalog.audit'])(
    'cannot rewrite the audit: %s',
    async (sql) => {
      const attempt = persistence.context.runAsOperator('a test', () =>
        persistence.entityManager.execute(sql),
      );

      await expect(attempt).rejects.toMatchObject({ code: '42501' });
    },
  );
});

describe('the program’s own look at the catalog', () => {
  const look = (sql: string): Promise<object[]> =>
    persistence.context.runAsReader(() => persistence.entityManager.execute(sql));

  it('sees all tenants, and no audit', async () => {
    await expect(look('select slug from tenant')).resolves.toEqual([]);
    await expect(look('select * from audit')).rejects.toMatchObject({ code: '42501' });
  });

  it.each(['delete from tenant', 'select * from shared.member', 'update placement set id = id'])(
    'may not %s',
    async (sql) => {
      await expect(look(sql)).rejects.toMatchObject({ code: '42501' });
    },
  );

  it('leaves no trace in the audit', async () => {
    const count = (): Promise<object[]> =>
      persistence.asOwner('select count(*) from catalog.audit');
    const before = await count();

    await look('select 1');

    expect(await count()).toEqual(before);
  });
});
