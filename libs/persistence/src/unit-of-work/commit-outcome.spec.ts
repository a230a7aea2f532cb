import { setTimeout as sleep } from 'node:timers/promises';
import { email, Member, newId } from '@tenantry/domain';
import { type FaultProxy, nextCommits, startFaultProxy } from '@tenantry/fault-proxy';
import { readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { messagesOf } from '../testing/messages.ts';
import {
  acme,
  connectPersistence,
  globex,
  initech,
  type Persistence,
  startPersistence,
  untilReachable,
  tenants,
} from '../testing/persistence-harness.ts';
import { FlushFailed } from './transaction-errors.ts';
import { Idempotency } from './idempotency.ts';

/** The data access layer on the other side of a network that can be bad, and the one that is right beside the server. */
let proxy: FaultProxy;
let persistence: Awaited<ReturnType<typeof connectPersistence>>;
let direct: Persistence;

beforeAll(async () => {
  direct = await startPersistence();
  const { ownerUrl: MIGRATOR_DATABASE_URL, database } = direct.config;
  const { hostname: host, port } = new URL(database.url);
  proxy = await startFaultProxy({ host, port: Number(port) });
  persistence = await connectPersistence(
    readMigratorConfig({
      ...proxy.address({ DATABASE_URL: database.url, MIGRATOR_DATABASE_URL }),
      DB_POOL_MAX: '3',
      DB_COMMIT_TIMEOUT_MS: '1000',
      DB_POOL_ACQUIRE_TIMEOUT_MS: '500',
      // For transactions whose client is silent: the server has them open until then.
      DB_IDLE_IN_TX_TIMEOUT_MS: '500',
    }),
  );
});

beforeEach(async () => {
  for (const schema of ['shared', initech.schema]) {
    await direct.asOwner(
      `truncate "${schema}".member, "${schema}".commit_marker, "${schema}".outbox_event, "${schema}".idempotency_key cascade`,
    );
  }
});

afterEach(async () => {
  await proxy.heal();
  await untilReachable(persistence);
});

afterAll(async () => {
  await persistence.stop();
  await proxy.close();
  await direct.stop();
});

type Options = Parameters<Persistence['unitOfWork']['run']>[1];
const sql = (text: string): Promise<unknown> => persistence.entityManager.execute(text);
const insert = (name: string, tenant = acme): Promise<unknown> =>
  sql(
    `insert into member values ('${tenant.id}', '${newId()}', now(), now(), '${name}', '${name}')`,
  );
const run = <Result>(
  work: () => Promise<Result>,
  options?: Options,
  tenant = acme,
): Promise<Result> =>
  persistence.context.run(tenant, () => persistence.unitOfWork.run(work, options));
const stored = async (name: string, schema = 'shared'): Promise<number> => {
  const rows = await direct.asOwner<object[]>(
    `select 1 as there from "${schema}".member where name = ?`,
    [name],
  );
  return rows.length;
};
const countOf = async (table: string): Promise<number> => {
  const [row] = await direct.asOwner<{ count: number }[]>(
    `select count(*)::int as count from shared.${table}`,
  );
  return row!.count;
};

describe.each(['reset', 'silence'] as const)('a commit whose connection ends in a %s', (then) => {
  it.each(tenants)('after it was performed is success, once: $slug', async (tenant) => {
    const hooks: string[] = [];
    let attempts = 0;
    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then });

    const result = await run(
      async () => {
        attempts += 1;
        await insert('ada', tenant);
        persistence.unitOfWork.afterCommit(() => hooks.push('stored'));
        persistence.unitOfWork.afterRollback(() => hooks.push('undone'));
        return 'what the work gives';
      },
      { replayable: true },
      tenant,
    );

    expect(result).toBe('what the work gives');
    expect(attempts).toBe(1);
    expect(hooks).toEqual(['stored']);
    expect(await stored('ada', tenant.schema)).toBe(1);
  });

  it('before it was performed is failure, and never stored', async () => {
    const hooks: string[] = [];
    proxy.faults.onCommit = nextCommits(1, { kind: 'request-dropped', then });

    const unit = run(async () => {
      await insert('ada');
      persistence.unitOfWork.afterCommit(() => hooks.push('stored'));
      persistence.unitOfWork.afterRollback(() => hooks.push('undone'));
    });

    await expect(unit).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'database-unavailable',
    });
    expect(hooks).toEqual(['undone']);
    await sleep(100);
    expect(await stored('ada')).toBe(0);
  });

  it('before it was performed is done again when the work may be', async () => {
    let attempts = 0;
    let commits = 0;
    // Those of the first two attempts: those between them ask what became of the first.
    proxy.faults.onCommit = () =>
      [1, 3].includes(++commits) ? { kind: 'request-dropped', then } : undefined;

    await run(
      async () => {
        attempts += 1;
        await insert(`attempt-${attempts}`);
      },
      { replayable: true, retry: { deadlineMs: 60_000 } },
    );

    expect(attempts).toBe(3);
    expect(await stored('attempt-1')).toBe(0);
    expect(await stored('attempt-2')).toBe(0);
    expect(await stored('attempt-3')).toBe(1);
  });
});

describe('a flush that is a unit of work by itself', () => {
  const flushed = async (work: (member: Member) => Promise<void>): Promise<void> =>
    persistence.context.run(acme, async () => {
      const member = new Member({ email: email('ada@example.com'), name: 'ada' });
      persistence.members.add(member);
      await work(member);
    });

  it('is stored when only the reply was lost, and goes on from there', async () => {
    const flushUnanswered = (): Promise<void> => {
      proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'reset' });
      return persistence.entityManager.flush();
    };
    await flushed(async (member) => {
      await flushUnanswered();
      expect(await stored('ada')).toBe(1);
      member.rename('ada lovelace');
      await flushUnanswered();
      expect(await stored('ada lovelace')).toBe(1);
      persistence.entityManager.remove(member);
      await flushUnanswered();
    });

    expect(await stored('ada lovelace')).toBe(0);
  });

  it('fails when it was not performed, and so does the next one, instead of storing nothing or trying again', async () => {
    proxy.faults.onCommit = nextCommits(1, { kind: 'request-dropped', then: 'reset' });

    await flushed(async () => {
      await expect(persistence.entityManager.flush()).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await expect(persistence.entityManager.flush()).rejects.toThrow(FlushFailed);
    });

    expect(await stored('ada')).toBe(0);
  });
});

describe('a commit that arrives when it has been given up', () => {
  const late = { kind: 'request-late', afterMs: 400 } as const;

  it('is not performed any more', async () => {
    proxy.faults.onCommit = nextCommits(1, late);

    await expect(run(() => insert('ada'))).rejects.toMatchObject({ kind: 'unavailable' });

    await sleep(700);
    expect(proxy.counters.requestsLate).toBe(1);
    expect(await stored('ada')).toBe(0);
  });

  it('would be, if it were only looked for what is there', async () => {
    const { ownerUrl: MIGRATOR_DATABASE_URL, database } = direct.config;
    const { MIGRATOR_DATABASE_URL: connectionString } = proxy.address({
      DATABASE_URL: database.url,
      MIGRATOR_DATABASE_URL,
    });
    proxy.faults.onCommit = nextCommits(1, late);
    const naive = new pg.Client({ connectionString });
    naive.on('error', () => undefined);
    await naive.connect();
    await naive.query('begin');
    await naive.query(
      `insert into shared.member values ('${acme.id}', '${newId()}', now(), now(), 'late', 'late')`,
    );
    await expect(naive.query('commit')).rejects.toThrow();

    expect(await stored('late')).toBe(0);
    await sleep(700);
    expect(await stored('late')).toBe(1);
  });
});

describe('a commit that is still being performed when its connection is lost', () => {
  it('is waited for', async () => {
    await direct.asOwner(
      `create function shared.slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$;
       create constraint trigger slowly after insert on shared.member deferrable initially deferred
         for each row execute function shared.slowly()`,
    );
    const unit = run(() => insert('ada'));
    await sleep(250);
    expect(proxy.reset()).toBeGreaterThan(0);
    await unit;

    expect(await stored('ada')).toBe(1);
    await direct.asOwner('drop trigger slowly on shared.member; drop function shared.slowly()');
  });
});

describe('the connection by which it is asked', () => {
  it('needs no turn of a tenant that is at its limit: the next one has got that', async () => {
    const limits = { concurrency: 1, queue: 1, statementTimeoutMs: 5_000 };
    const limited = { ...acme, limits };
    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'reset' });
    const unit = run(() => insert('ada'), undefined, limited);
    const next = run(() => sql('select pg_sleep(2)'), undefined, limited);

    await unit;
    await next;

    expect(await stored('ada')).toBe(1);
  });

  it.each(['reset', 'silence'] as const)('may end in a %s as well', async (then) => {
    let commits = 0;
    proxy.faults.onCommit = () =>
      ++commits <= 2
        ? { kind: commits === 1 ? 'reply-dropped' : 'request-dropped', then }
        : undefined;
    await run(() => insert('ada'));

    expect(commits).toBe(3);
    expect(await stored('ada')).toBe(1);
  });
});

describe('a server that cannot be had any more', () => {
  it.each([
    [
      'refuses',
      () => {
        proxy.refuseConnections();
      },
    ],
    [
      'does not answer',
      () => {
        proxy.blackHole('new');
      },
    ],
  ])('and %s makes the outcome unknown, in time, with what to look for', async (_how, away) => {
    proxy.faults.onCommit = () => {
      away();
      return { kind: 'reply-dropped', then: 'reset' };
    };
    const hooks: string[] = [];
    const begin = Date.now();
    const error: unknown = await run(
      async () => {
        await insert('ada');
        persistence.unitOfWork.afterCommit(() => hooks.push('stored'));
        persistence.unitOfWork.afterRollback(() => hooks.push('undone'));
      },
      { replayable: true },
    ).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      name: 'CommitOutcomeUnknown',
      kind: 'outcome-unknown',
      markerId: expect.any(String) as string,
    });
    expect(Date.now() - begin).toBeLessThan(5_000);
    expect(hooks).toEqual([]);
    const { markerId } = error as { markerId: string };
    expect(
      await direct.asOwner('select fenced from shared.commit_marker where id = ?', [markerId]),
    ).toEqual([{ fenced: false }]);
  });
});

describe('the marker of a transaction', () => {
  it('is in one message with COMMIT, so that it costs no round trip', async () => {
    const messages = await messagesOf(() => run(() => insert('ada')));

    expect(messages).toHaveLength(2);
    expect(messages[1]).toMatch(/^insert into "shared".commit_marker [^;]*; commit$/);
  });

  it('is a row of its own, when there is none that could be it', async () => {
    await run(() => insert('ada'));

    expect(await countOf('commit_marker')).toBe(1);
  });

  it('is not there when nothing was written', async () => {
    await run(() => sql('select 1'));
    await run(() => sql('select 1'), { readOnly: true });

    expect(await countOf('commit_marker')).toBe(0);
  });

  it('is an event where one is stored anyway', async () => {
    const join = async (): Promise<void> => {
      persistence.members.add(new Member({ email: email('ada@example.com'), name: 'ada' }));
    };
    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'reset' });
    await run(join);
    expect(await stored('ada')).toBe(1);
    expect(await countOf('outbox_event')).toBe(1);
    expect(await countOf('commit_marker')).toBe(0);

    await direct.asOwner('truncate shared.member, shared.outbox_event cascade');
    proxy.faults.onCommit = nextCommits(1, { kind: 'request-late', afterMs: 200 });
    await expect(run(join)).rejects.toMatchObject({ kind: 'unavailable' });
    await sleep(400);
    expect(await stored('ada')).toBe(0);
    expect(await direct.asOwner('select name, due_at from shared.outbox_event')).toEqual([
      { name: null, due_at: null },
    ]);
  });

  it('is the answer to a repeated request where that is stored anyway', async () => {
    const idempotency = persistence.get(Idempotency);
    const once = (): Promise<unknown> =>
      persistence.context.run(acme, () =>
        idempotency.once({ key: 'k', fingerprint: 'f' }, async () => {
          await insert('ada');
          return 'answer';
        }),
      );
    proxy.faults.onCommit = nextCommits(2, { kind: 'reply-dropped', then: 'reset' });
    expect(await once()).toEqual({ text: 'answer', isRepeated: false });
    expect(await once()).toEqual({ text: 'answer', isRepeated: true });
    expect(await stored('ada')).toBe(1);
    expect(await countOf('commit_marker')).toBe(0);

    await direct.asOwner('truncate shared.member, shared.idempotency_key cascade');
    proxy.faults.onCommit = nextCommits(1, { kind: 'request-late', afterMs: 200 });
    // Whether the work may be done again only the caller knows, who has the key for that.
    await expect(once()).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(await once()).toEqual({ text: 'answer', isRepeated: false });
    await sleep(400);
    expect(await stored('ada')).toBe(1);
  });

  it('of another tenant with the same id says nothing', async () => {
    const ids = async (tenant: string): Promise<unknown> =>
      direct.asOwner('select id from shared.commit_marker where tenant_id = ?', [tenant]);
    await run(() => insert('ada', globex), {}, globex);
    await direct.asOwner(
      'insert into shared.commit_marker (tenant_id, id) select ?, id from shared.commit_marker',
      [acme.id],
    );

    expect(await ids(acme.id)).toEqual(await ids(globex.id));
    await run(() => insert('ada'));
    expect(await stored('ada')).toBe(2);
  });
});

describe('a unit of work that only reads', () => {
  it('and loses its connection at the end has lost it before anything could be stored', async () => {
    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'reset' });
    await expect(run(() => sql('select 1'), { readOnly: true })).rejects.toMatchObject({
      code: 'database-unavailable',
    });

    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'reset' });
    expect(await run(() => sql('select 1 as one'), { readOnly: true, replayable: true })).toEqual([
      { one: 1 },
    ]);
  });
});

describe('what is stored on the catalog, as an operator', () => {
  it.each([
    ['in a unit of work', 2],
    ['as the audit of what is done', 1],
  ])('%s leaves a marker there, and is stored once', async (_what, commit) => {
    const reason = `by way of a bad network ${newId()}`;
    let commits = 0;
    proxy.faults.onCommit = () =>
      ++commits === commit ? { kind: 'reply-dropped', then: 'reset' } : undefined;
    await persistence.context.runAsOperator(reason, () =>
      persistence.unitOfWork.run(() =>
        sql(`insert into audit (reason) values ('inner ${reason}')`),
      ),
    );

    const audited = await direct.asOwner<{ reason: string }[]>(
      `select reason from catalog.audit where reason like '%' || ? order by 1`,
      [reason],
    );
    expect(audited).toEqual([{ reason }, { reason: `inner ${reason}` }]);
    expect(await direct.asOwner('select fenced from catalog.commit_marker')).not.toContainEqual({
      fenced: true,
    });
  });
});

describe('what is written by itself, outside of units of work', () => {
  it('says that it is not known whether it was stored', async () => {
    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'reset' });

    await expect(persistence.context.run(acme, () => insert('ada'))).rejects.toMatchObject({
      kind: 'outcome-unknown',
    });
  });
});
