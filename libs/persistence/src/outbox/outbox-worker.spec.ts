import { setTimeout as sleep } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import type { DeliveredEvent } from '@tenantry/application';
import { email, Member } from '@tenantry/domain';
import type { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';
import {
  acme,
  initech,
  type Persistence,
  registerTenants,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { OutboxWorker } from './outbox-worker.ts';
import { Outbox } from './outbox.ts';
import { Outboxes } from './outboxes.ts';

/** Well below the time between two looks at all placements. */
const AT_ONCE_MS = 400;

let persistence: Persistence;
let worker: OutboxWorker;
let handled: { name: string; after: number }[];
let handle: () => Promise<void>;

beforeAll(async () => {
  persistence = await startPersistence();
  await registerTenants(persistence);
});

beforeEach(() => {
  handled = [];
  handle = () => Promise.resolve();
  const handler = {
    events: ['member.joined'],
    handle: async ({ occurredAt }: DeliveredEvent) => {
      const name = persistence.context.current().slug;
      handled.push({ name, after: Date.now() - occurredAt.getTime() });
      await handle();
    },
  };
  const relay = new OutboxRelay(
    persistence.context,
    persistence.get(Outboxes),
    persistence.get(Outbox),
    [handler],
  );
  worker = new OutboxWorker(relay, persistence.get<ScopedEntityManager>(EntityManager));
});

afterEach(() => worker.stop());
afterAll(() => persistence.stop());

const join = (name: string): void => {
  persistence.members.add(new Member({ email: email(`${name}@example.com`), name }));
};
const until = async (condition: () => boolean): Promise<void> => {
  for (const begin = Date.now(); !condition() && Date.now() - begin < 5_000;) {
    await sleep(5);
  }
};

describe('a process that delivers events', () => {
  it('delivers what it has stored itself at once', async () => {
    worker.start();
    await sleep(150);
    await persistence.as(acme, async () => {
      join('ada');
    });
    await persistence.context.run(initech, async () => {
      join('ada');
      await persistence.entityManager.flush();
    });
    await until(() => handled.length === 2);

    expect(handled.map(({ name }) => name).toSorted()).toEqual(['acme', 'initech']);
    for (const { after } of handled) {
      expect(after).toBeLessThan(AT_ONCE_MS);
    }
  });

  it('delivers what others have stored, before it began and since', async () => {
    const store = (tenant: typeof acme): Promise<unknown> =>
      persistence.asOwner(
        `insert into "${tenant.schema}".outbox_event (tenant_id, id, name, aggregate_id, data, occurred_at, due_at)
         values (?, gen_random_uuid(), 'member.joined', gen_random_uuid(), '{}', now(), now())`,
        [tenant.id],
      );
    await store(acme);
    worker.start();
    await until(() => handled.length === 1);
    expect(handled).toMatchObject([{ name: 'acme' }]);

    await store(initech);
    await until(() => handled.length === 2);
    expect(handled).toMatchObject([{ name: 'acme' }, { name: 'initech' }]);
  });

  it('goes on after the outboxes could not be looked at', async () => {
    const rename = (from: string, to: string): Promise<unknown> =>
      persistence.asOwner(`alter table catalog.${from} rename to ${to}`);
    await rename('placement', 'elsewhere');
    worker.start();
    await sleep(100);
    await rename('elsewhere', 'placement');
    await persistence.as(acme, async () => {
      join('bob');
    });
    await until(() => handled.length === 1);

    expect(handled).toMatchObject([{ name: 'acme' }]);
  });

  it('has done with what it has begun when it is stopped, and begins nothing more', async () => {
    let isDone = false;
    handle = async () => {
      await sleep(200);
      isDone = true;
    };
    worker.start();
    await persistence.as(acme, async () => {
      join('carol');
    });
    await until(() => handled.length === 1);
    await worker.stop();

    expect(isDone).toBe(true);
    await persistence.as(acme, async () => {
      join('dave');
    });
    await sleep(AT_ONCE_MS);
    expect(handled).toHaveLength(1);
  });
});
