import { setTimeout as sleep } from 'node:timers/promises';
import { type EntityManager, TransactionPropagation } from '@mikro-orm/postgresql';
import { email, Member, newId, Project, projectKey } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import {
  ScopeEnded,
  ScopeMismatch,
  ScopeSealed,
  TenantContextMissing,
  TransactionMissing,
  UnitOfWorkEnded,
} from './isolation-violation.ts';

let persistence: Persistence;
const memberId = newId<'Member'>();
const projectId = newId<'Project'>();

beforeAll(async () => {
  persistence = await startPersistence();
  for (const tenant of tenants) {
    await persistence.as(tenant, async () => {
      persistence.members.add(
        new Member({ id: memberId, email: email('ada@example.com'), name: tenant.slug }),
      );
      const project = new Project({ id: projectId, key: projectKey('ONE'), name: tenant.slug });
      project.addTask({ title: tenant.slug });
      persistence.projects.add(project);
    });
  }
});

afterAll(() => persistence.stop());

/** What came out of acme's scope. */
interface Taken {
  readonly entityManager: EntityManager;
  readonly member: Member;
  readonly project: Project;
}

const take = async (): Promise<Taken> => ({
  // The sealed one itself, and not the root one that stands for it.
  entityManager: persistence.entityManager.getContext(),
  member: await persistence.members.getOrFail(memberId),
  project: await persistence.projects.getOrFail(projectId),
});

/** Ways to reach for data with what is at hand, all of them fine in acme's scope. */
const WAYS: [string, (taken: Taken) => unknown][] = [
  ['finding', ({ entityManager }) => entityManager.find(Member, {})],
  [
    'finding what is in the identity map',
    ({ entityManager }) => entityManager.findOne(Member, { id: memberId }, { refresh: false }),
  ],
  ['counting', ({ entityManager }) => entityManager.count(Member)],
  ['raw SQL', ({ entityManager }) => entityManager.execute('select 1')],
  ['a query builder', ({ entityManager }) => entityManager.createQueryBuilder(Member).getResult()],
  ['a fork', ({ entityManager }) => entityManager.fork()],
  ['a transaction', ({ entityManager }) => entityManager.transactional(() => Promise.resolve())],
  ['flushing', ({ entityManager }) => entityManager.flush()],
  ['native updates', ({ entityManager }) => entityManager.nativeUpdate(Member, {}, { name: 'x' })],
  ['inserting', ({ entityManager }) => entityManager.insert(Member, {} as never)],
  ['upserting', ({ entityManager }) => entityManager.upsert(Member, {})],
  ['merging', ({ entityManager, member }) => entityManager.merge(member)],
  ['persisting', ({ entityManager, member }) => entityManager.persist(member)],
  ['removing', ({ entityManager, member }) => entityManager.remove(member)],
  ['a reference', ({ entityManager }) => entityManager.getReference(Member, memberId as never)],
  [
    'a lazy collection',
    ({ project }) => (project.tasks as unknown as { load(): Promise<unknown> }).load(),
  ],
  [
    'populating',
    ({ entityManager, project }) => entityManager.populate([project], ['tasks' as never]),
  ],
  ['refreshing', ({ entityManager, member }) => entityManager.refresh(member)],
];

const attempt = async (use: () => unknown): Promise<unknown> => use();

describe.each(WAYS)('%s by what belongs to one scope', (_way, use) => {
  it('is refused in another scope', async () => {
    await persistence.context.run(acme, async () => {
      const taken = await take();

      await persistence.context.run(globex, async () => {
        await expect(attempt(() => use(taken))).rejects.toThrow(ScopeMismatch);
      });
    });
  });

  it('is refused where there is no scope, and when its own has ended', async () => {
    let late: Promise<unknown> | undefined;
    const taken = await persistence.context.run(acme, async () => {
      const everything = await take();
      late = sleep(5).then(() => attempt(() => use(everything)));
      late.catch(() => undefined);
      return everything;
    });

    await expect(attempt(() => use(taken))).rejects.toThrow(TenantContextMissing);
    await expect(late).rejects.toThrow(ScopeEnded);
  });
});

describe('an entity manager of a scope', () => {
  it.each<[string, (entityManager: EntityManager) => unknown]>([
    [
      'the filter’s tenant',
      (entityManager) => {
        entityManager.setFilterParams('tenant', { tenantId: globex.id });
      },
    ],
    [
      'the filter',
      (entityManager) => {
        entityManager.addFilter({ name: 'tenant', cond: {}, entity: Member });
      },
    ],
    [
      'the session',
      (entityManager) => {
        entityManager.setSessionContext({ variables: { 'app.tenant_id': globex.id } });
      },
    ],
    [
      'the session, by clearing it',
      (entityManager) => {
        entityManager.clearSessionContext();
      },
    ],
    ['the schema', (entityManager) => (entityManager.schema = 'catalog')],
    ['the schema of a fork', (entityManager) => entityManager.fork({ schema: 'catalog' })],
    [
      'the session of a fork',
      (entityManager) =>
        entityManager.fork({ session: { variables: { 'app.tenant_id': globex.id } } }),
    ],
    [
      'the session of a transaction',
      (entityManager) =>
        entityManager.transactional(() => Promise.resolve(), {
          sessionContext: { variables: { 'app.tenant_id': globex.id } },
        }),
    ],
    [
      'the session of a transaction that is begun by hand',
      (entityManager) =>
        entityManager.begin({ sessionContext: { variables: { 'app.tenant_id': globex.id } } }),
    ],
  ])('cannot be given another tenant by %s', async (_way, change) => {
    await persistence.context.run(acme, async () => {
      await expect(attempt(() => change(persistence.entityManager.getContext()))).rejects.toThrow(
        ScopeSealed,
      );
      await expect(attempt(() => change(persistence.entityManager))).rejects.toThrow(ScopeSealed);
      expect((await persistence.members.getOrFail(memberId)).name).toBe('acme');
    });
  });

  it('cannot be given another tenant by changing what it says of its session', async () => {
    await persistence.context.run(acme, async () => {
      const entityManager = persistence.entityManager.getContext();
      const another = { 'app.tenant_id': globex.id };
      Object.assign(entityManager.getSessionContext()!.variables!, another);
      const session = entityManager.getTransactionSessionContext()!;
      expect(() => Object.assign(session, { variables: another })).toThrow(TypeError);

      expect(await entityManager.execute('select name from member')).toEqual([{ name: 'acme' }]);
    });
  });

  it.each([{}, { disableContextResolution: true }])(
    'hands its seal to its forks, with %j',
    async (options) => {
      await persistence.context.run(acme, async () => {
        const fork = persistence.entityManager.fork(options);
        expect(await fork.find(Member, {})).toMatchObject([{ name: 'acme' }]);

        await persistence.context.run(globex, async () => {
          await expect(fork.find(Member, {})).rejects.toThrow(ScopeMismatch);
        });
      });
    },
  );
});

describe('the entity manager of a unit of work that has ended', () => {
  it.each([
    ['by commit', () => Promise.resolve()],
    ['by rollback', () => Promise.reject(new Error('no'))],
  ])('%s cannot be used any more', async (_how, end) => {
    await persistence.context.run(acme, async () => {
      let ended: EntityManager | undefined;
      await persistence.transactional
        .run((entityManager) => {
          ended = entityManager;
          return end();
        })
        .catch(() => undefined);

      await expect(ended!.find(Member, {})).rejects.toThrow(UnitOfWorkEnded);
      await expect(ended!.execute('select 1')).rejects.toThrow(UnitOfWorkEnded);
    });
  });

  it('goes on when it was that of the transaction around it', async () => {
    await persistence.as(acme, async () => {
      let joined: EntityManager | undefined;
      await persistence.transactional.run((entityManager) => {
        joined = entityManager;
        return Promise.resolve();
      });
      await persistence.transactional.run(() => Promise.resolve(), {
        propagation: TransactionPropagation.NESTED,
      });

      expect(await joined!.find(Member, {})).toMatchObject([{ name: 'acme' }]);
    });
  });
});

describe('a query that is made in one scope', () => {
  it.each<[string, () => () => Promise<unknown>]>([
    [
      'a query builder',
      () => {
        const query = persistence.entityManager.createQueryBuilder(Member).select('*');
        return () => query.getResult();
      },
    ],
    [
      'Kysely',
      () => {
        const query = persistence.entityManager.getKysely<{ member: { name: string } }>();
        return () => query.selectFrom('member').selectAll().execute();
      },
    ],
    [
      'a stream',
      () => {
        const stream = persistence.entityManager.stream(Member);
        return () => stream.next();
      },
    ],
    [
      'a stream of a query builder',
      () => {
        const query = persistence.entityManager.createQueryBuilder(Member).select('*');
        const stream = query.stream()[Symbol.asyncIterator]();
        return () => stream.next();
      },
    ],
  ])('%s cannot be run in another one', async (_way, make) => {
    await persistence.as(acme, async () => {
      const run = make();

      await expect(persistence.as(globex, run)).rejects.toThrow(ScopeMismatch);
    });
  });

  it('a stream that has begun cannot be gone on with in another one', async () => {
    await persistence.as(acme, async () => {
      persistence.members.add(new Member({ email: email('second@example.com'), name: 'acme' }));
      await persistence.entityManager.flush();
      const stream = persistence.entityManager.stream(Member);
      expect((await stream.next()).value).toMatchObject({ name: 'acme' });

      await expect(persistence.as(globex, () => stream.next())).rejects.toThrow(ScopeMismatch);
    });
    await persistence.as(acme, async () => {
      persistence.members.remove(
        (await persistence.members.findByEmail(email('second@example.com')))!,
      );
    });
  });

  it.each<[string, () => unknown]>([
    ['Kysely', () => persistence.entityManager.getKysely()],
    ['a stream', () => persistence.entityManager.stream(Member).next()],
    ['a connection', () => persistence.orm.driver.getConnection().execute('select 1')],
    ['the driver', () => persistence.orm.driver.find(Member, {})],
  ])('%s needs a transaction, and says so', async (_way, use) => {
    const refused = persistence.context.run(acme, () => attempt(use));

    await expect(refused).rejects.toThrow(TransactionMissing);
    await expect(refused).rejects.toThrow('UnitOfWork.run');
  });
});

describe('a transaction of one scope', () => {
  it.each([
    'select name from member',
    'begin',
    'begin; select name from member',
    'rollback to here; select name from member',
    '/* */ rollback',
  ])('does not take "%s" of another one, however it gets hold of it', async (sql) => {
    await persistence.as(acme, async () => {
      const transaction = persistence.entityManager.getTransactionContext<object>();
      await persistence.entityManager.execute('savepoint here');
      const smuggle = (): Promise<unknown> =>
        persistence.orm.driver.getConnection().execute(sql, [], 'all', transaction);

      await expect(persistence.as(globex, smuggle)).rejects.toThrow(ScopeMismatch);
      expect(await persistence.entityManager.execute('select name from member')).toEqual([
        { name: 'acme' },
      ]);
    });
  });

  it('is not taken for undone by what a statement begins with', async () => {
    const connection = persistence.orm.driver.getConnection();

    for (const text of ['rollback; select 1', 'begin; select 1', 'start transaction; select 1']) {
      await expect(connection.execute(text)).rejects.toThrow(TenantContextMissing);
    }
  });
});
