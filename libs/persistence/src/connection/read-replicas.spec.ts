import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlledTransaction } from 'kysely';
import { startFaultProxy, type FaultProxy } from '@tenantry/fault-proxy';
import { email, Member } from '@tenantry/domain';
import { OutboxRelay } from '../outbox/outbox-relay.ts';
import { Outbox } from '../outbox/outbox.ts';
import { Outboxes } from '../outbox/outboxes.ts';
import {
  ScopeMismatch,
  TenantContextMissing,
  TransactionMissing,
} from '../tenant-context/isolation-violation.ts';
import {
  acme,
  connectPersistence,
  globex,
  type Persistence,
  registerTenants,
  startPersistence,
} from '../testing/persistence-harness.ts';

/** Two databases that have nothing to do with each other: so it can be seen which of them has been asked. */
let primary: Persistence;
let replica: Persistence;
let proxy: FaultProxy;
let app: Awaited<ReturnType<typeof connectPersistence>>;

beforeAll(async () => {
  [primary, replica] = await Promise.all([startPersistence(), startPersistence()]);
  for (const [persistence, name] of [
    [primary, 'of the primary'],
    [replica, 'of the replica'],
  ] as const) {
    for (const tenant of [acme, globex]) {
      await persistence.asOwner(
        `insert into shared.member (tenant_id, id, created_at, updated_at, email, name)
         values (?, '01900000-0000-7000-8000-000000000011', now(), now(), 'ada@example.com', ?)`,
        [tenant.id, `${tenant.slug} ${name}`],
      );
    }
  }
  const { url } = replica.config.database;
  const { hostname, port } = new URL(url);
  proxy = await startFaultProxy({ host: hostname, port: Number(port) });
  const { DATABASE_URL } = proxy.address({ DATABASE_URL: url, MIGRATOR_DATABASE_URL: url });
  app = await connectPersistence({
    ...primary.config,
    database: { ...primary.config.database, replicaUrls: [DATABASE_URL] },
  });
});

afterAll(async () => {
  await app.stop();
  await proxy.close();
  await primary.stop();
  await replica.stop();
});

const names = async (): Promise<string[]> => {
  const rows = await app.entityManager.execute<{ name: string }[]>('select name from member');
  return rows.map(({ name }) => name);
};
const readOnly = (work = names): Promise<string[]> => app.unitOfWork.run(work, { readOnly: true });
const add = (): void => {
  app.members.add(new Member({ email: email(`${Math.random()}@example.com`), name: 'new' }));
};
const store = (): Promise<void> =>
  app.unitOfWork.run(() => {
    add();
    return Promise.resolve();
  });

describe('a unit of work that only reads', () => {
  it.each([acme, globex])('reads of a replica, and its own tenant alone: $slug', async (tenant) => {
    expect(await app.context.run(tenant, () => readOnly())).toEqual([
      `${tenant.slug} of the replica`,
    ]);
  });

  it('finds there what repositories find', async () => {
    const page = await app.context.run(acme, () =>
      app.unitOfWork.run(() => app.members.page({ limit: 10 }), { readOnly: true }),
    );

    expect(page.items).toMatchObject([{ name: 'acme of the replica' }]);
  });

  it('has its parts on the same one', async () => {
    const read = await app.context.run(acme, () =>
      app.unitOfWork.run(
        () => app.unitOfWork.run(names, { propagation: 'nested', readOnly: true }),
        { readOnly: true },
      ),
    );

    expect(read).toEqual(['acme of the replica']);
  });

  it('streams from there', async () => {
    const streamed = await app.context.run(acme, () =>
      readOnly(async () => {
        const found: string[] = [];
        for await (const { name } of app.entityManager.stream(Member)) {
          found.push(name);
        }
        return found;
      }),
    );

    expect(streamed).toEqual(['acme of the replica']);
  });

  it('reads of the primary what its scope has stored', async () => {
    const read = await app.context.run(acme, async () => {
      await app.unitOfWork.run(() => {
        add();
        return Promise.resolve();
      });
      return readOnly();
    });

    expect(read).toEqual(expect.arrayContaining(['acme of the primary', 'new']));
    expect(await app.context.run(acme, () => readOnly())).toEqual(['acme of the replica']);
  });

  it.each([
    ['around it', (work: typeof store) => work()],
    ['within it', (work: typeof store) => app.context.run(acme, work)],
  ])('reads of the primary what a scope %s has stored', async (_where, storeIn) => {
    const read = await app.context.run(acme, async () => {
      await storeIn(store);
      return app.context.run(acme, () => readOnly());
    });

    expect(read).toContain('acme of the primary');
  });

  it('reads of the primary what an event tells of', async () => {
    await registerTenants(primary);
    await app.context.run(acme, store);
    const read: string[][] = [];
    const handler = {
      events: ['member.joined'],
      handle: async (): Promise<void> => {
        read.push(await readOnly());
      },
    };
    const [outboxes, outbox] = [app.get(Outboxes), app.get(Outbox)];
    await new OutboxRelay(app.context, outboxes, outbox, [handler]).pass();

    expect(read).not.toHaveLength(0);
    expect(new Set(read.flat())).toEqual(new Set(['acme of the primary', 'new']));
  });

  it('reads of the primary what has to be serializable, which no replica can do', async () => {
    const serializable = app.context.run(acme, () =>
      app.unitOfWork.run(names, { readOnly: true, isolationLevel: 'serializable' }),
    );

    expect(await serializable).toContain('acme of the primary');
  });

  it('reads of the primary when the replica cannot be had', async () => {
    proxy.refuseConnections();
    proxy.reset();
    await sleep(100);

    expect(await app.context.run(acme, () => readOnly())).toContain('acme of the primary');
    await proxy.heal();
  });

  it('is on the primary for operators', async () => {
    const catalog = await app.queriesOf(() =>
      app.context.runAsOperator('a test', () =>
        app.unitOfWork.run(() => app.entityManager.execute('select count(*) from audit'), {
          readOnly: true,
        }),
      ),
    );

    expect(catalog.join()).toContain('audit');
    expect(await replica.asOwner('select from catalog.audit')).toEqual([]);
  });
});

describe('whatever may write', () => {
  it('is on the primary', async () => {
    expect(await app.as(acme, names)).toContain('acme of the primary');
    expect(await app.context.run(acme, names)).toContain('acme of the primary');
  });
});

describe('a replica', () => {
  const connection = () => app.entityManager.getDriver().getConnection('read');
  const SQL = 'select name from shared.member';

  it('is closed outside of scopes, and outside of transactions', async () => {
    await expect(connection().execute(SQL)).rejects.toThrow(TenantContextMissing);
    await app.context.run(acme, async () => {
      await expect(connection().execute(SQL)).rejects.toThrow(TransactionMissing);
    });
  });

  it('shows a tenant its own rows alone, whichever way it is asked', async () => {
    const ways = [
      () => app.entityManager.find(Member, {}, { connectionType: 'read' }),
      () => connection().transactional((handle) => connection().execute(SQL, [], 'all', handle)),
    ];
    for (const way of ways) {
      expect(await app.context.run(acme, way)).toMatchObject([{ name: 'acme of the replica' }]);
    }
  });

  it('does not answer another scope in a transaction of its own', async () => {
    await app.context.run(acme, () =>
      readOnly(async () => {
        const handle = app.entityManager.getTransactionContext<ControlledTransaction<unknown>>();
        await app.context.run(globex, () =>
          expect(connection().execute(SQL, [], 'all', handle)).rejects.toThrow(ScopeMismatch),
        );
        return names();
      }),
    );
  });
});
