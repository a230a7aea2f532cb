import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveredEvent, EventHandler, IsolationLevel } from '@tenantry/application';
import {
  type DomainEvent,
  email,
  Member,
  newId,
  Project,
  projectKey,
  record,
} from '@tenantry/domain';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import {
  acme,
  globex,
  initech,
  type Persistence,
  registerTenants,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import { EventNotStorable } from '../unit-of-work/transaction-errors.ts';
import { outboxStatements } from './outbox-statements.ts';
import { OutboxRelay, type RelayOptions } from './outbox-relay.ts';
import { MOST_ATTEMPTS, Outbox } from './outbox.ts';
import { Outboxes } from './outboxes.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({ DB_POOL_MAX: '20' });
  await registerTenants(persistence);
});

beforeEach(async () => {
  for (const schema of ['shared', initech.schema]) {
    await persistence.asOwner(
      `truncate "${schema}".outbox_event, "${schema}".member, "${schema}".project, "${schema}".task`,
    );
  }
});

afterAll(() => persistence.stop());

interface Seen extends DeliveredEvent {
  readonly tenant: string;
}

/** Notes what it is told, then does what the spec wants to happen. */
class Recorder implements EventHandler {
  readonly seen: Seen[] = [];
  readonly events = [
    'member.joined',
    'member.left',
    'project.started',
    'project.task-added',
    'project.status-changed',
    'project.said',
  ];

  constructor(private readonly then: (event: Seen) => unknown = () => undefined) {}

  async handle(event: DeliveredEvent): Promise<void> {
    const seen = { ...event, tenant: persistence.context.current().slug };
    this.seen.push(seen);
    await this.then(seen);
  }

  get names(): string[] {
    return this.seen.map(({ tenant, name }) => `${tenant} ${name}`);
  }
}

function relayTo(handler: EventHandler, options: Partial<RelayOptions> = {}): OutboxRelay {
  const outbox = persistence.get(Outbox);
  return new OutboxRelay(
    persistence.context,
    persistence.get(Outboxes),
    outbox,
    [handler],
    options,
  );
}

const join = (name: string): Member => {
  const member = new Member({ email: email(`${name}@example.com`), name });
  persistence.members.add(member);
  return member;
};
const start = (key: string, id = newId<'Project'>()): Project => {
  const project = new Project({ id, key: projectKey(key), name: key });
  persistence.projects.add(project);
  return project;
};
const addTask = (tenant: PlacedTenant, id: Project['id'], title: string): Promise<unknown> =>
  persistence.as(tenant, async () =>
    (await persistence.projects.getForChange(id)).addTask({ title }),
  );
const rows = (columns = 'name'): Promise<object[]> =>
  persistence.asOwner(
    `select ${columns} from shared.outbox_event where name is not null order by position`,
  );
const dueNow = (): Promise<unknown> =>
  persistence.asOwner('update shared.outbox_event set due_at = now() where due_at is not null');

describe('what happens in a unit of work', () => {
  it('is stored with what it has changed, in its order', async () => {
    const id = newId<'Project'>();
    await persistence.as(acme, async () => {
      const project = start('ONE', id);
      project.addTask({ title: 'first' });
      join('ada');
      await persistence.entityManager.flush();
      project.change({ status: 'on-hold' });
    });

    expect(await rows('name, aggregate_id, data')).toEqual([
      { name: 'project.started', aggregate_id: id, data: { key: 'ONE' } },
      { name: 'project.task-added', aggregate_id: id, data: { number: 1 } },
      { name: 'member.joined', aggregate_id: expect.any(String) as string, data: {} },
      {
        name: 'project.status-changed',
        aggregate_id: id,
        data: { from: 'active', to: 'on-hold' },
      },
    ]);
  });

  it('is not, when it is undone', async () => {
    const undone = persistence.as(acme, async () => {
      join('ada');
      await persistence.entityManager.flush();
      throw new RangeError();
    });

    await expect(undone).rejects.toThrow(RangeError);
    expect(await rows()).toEqual([]);
  });

  it('in a savepoint that is undone is not, and the rest is', async () => {
    await persistence.as(acme, async () => {
      start('ONE');
      const part = async (): Promise<void> => {
        join('ada');
        await persistence.entityManager.flush();
        throw new RangeError();
      };
      await persistence.unitOfWork.run(part, { propagation: 'nested' }).catch(() => undefined);
      await persistence.unitOfWork.run(async () => join('bob'), { propagation: 'nested' });
    });

    expect(await rows()).toEqual([{ name: 'project.started' }, { name: 'member.joined' }]);
  });

  it('in an attempt that has failed is not told of twice', async () => {
    let attempts = 0;
    await persistence.as(acme, async () => {
      attempts += 1;
      join('ada');
      await persistence.entityManager.flush();
      if (attempts === 1) {
        await persistence.entityManager.execute(
          `do $$ begin raise exception 'made up' using errcode = '40001'; end $$`,
        );
      }
    });

    expect(attempts).toBe(2);
    expect(await rows()).toEqual([{ name: 'member.joined' }]);
  });

  it('cannot be kept where nothing may be written, and fails instead of being forgotten', async () => {
    await persistence.as(acme, async () => join('ada'));
    const reading = persistence.context.run(acme, () =>
      persistence.unitOfWork.run(
        async () => {
          const { items } = await persistence.members.page({ limit: 1 });
          record(items[0]!, { name: 'member.waved', data: {} });
        },
        { readOnly: true },
      ),
    );

    await expect(reading).rejects.toThrow(EventNotStorable);
  });

  it('may be more than a statement has columns for', async () => {
    await persistence.as(acme, async () => {
      for (let number = 0; number < 2_000; number += 1) {
        join(`member-${number}`);
      }
    });

    expect(await rows()).toHaveLength(2_000);
  });

  it('outside of any is a unit of work by itself when it is flushed', async () => {
    await persistence.context.run(acme, async () => {
      join('ada');
      await persistence.entityManager.flush();
    });

    expect(await rows()).toEqual([{ name: 'member.joined' }]);
  });

  it('can have any text in it', async () => {
    const text = `'); drop table outbox_event; -- \\ " \u2028 ${'x'.repeat(10_000)} 😀`;
    await persistence.as(acme, async () => {
      const member = join('ada');
      record(member, { name: 'member.said', data: { text } });
    });

    expect(await rows('name, data')).toContainEqual({ name: 'member.said', data: { text } });
  });
});

describe('the relay', () => {
  it('tells of what has happened in all placements, in the scope of its tenant, and once', async () => {
    for (const tenant of tenants) {
      await persistence.as(tenant, async () => join('ada'));
    }
    const recorder = new Recorder();
    const relay = relayTo(recorder);

    expect(await relay.pass()).toEqual({ delivered: 3, failed: 0 });
    expect(recorder.names.toSorted()).toEqual(
      tenants.map(({ slug }) => `${slug} member.joined`).toSorted(),
    );
    expect(await relay.pass()).toEqual({ delivered: 0, failed: 0 });
  });

  it('may see whose events there are, and neither what is in them nor anything else', async () => {
    await persistence.as(acme, async () => join('ada'));
    const asRelay = (sql: string): Promise<unknown> =>
      persistence.context.runAsRelay(() =>
        persistence.unitOfWork.run(() => persistence.entityManager.execute(sql)),
      );

    expect(await asRelay('select tenant_id from shared.outbox_event')).toEqual([
      { tenant_id: acme.id },
    ]);
    for (const sql of [
      'select data from shared.outbox_event',
      'select * from shared.outbox_event',
    ]) {
      await expect(asRelay(sql)).rejects.toMatchObject({ code: '42501' });
    }
    // Some fail before that: there is no tenant to compare with.
    for (const sql of [
      'insert into shared.outbox_event (tenant_id, id) select tenant_id, id from shared.outbox_event',
      'update shared.outbox_event set due_at = null',
      'delete from shared.outbox_event',
      'select id from shared.member',
      'select id from catalog.tenant',
    ]) {
      await expect(asRelay(sql)).rejects.toThrow(/permission denied|invalid input syntax/);
    }
  });

  it('tells of one aggregate in order, whoever else is at it', async () => {
    const id = newId<'Project'>();
    for (const tenant of [acme, globex]) {
      await persistence.as(tenant, async () => start('ONE', id));
    }
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => addTask(n % 2 === 0 ? acme : globex, id, `task ${n}`)),
    );
    const recorder = new Recorder(() => sleep(Math.random() * 3));
    await Promise.all(Array.from({ length: 3 }, () => relayTo(recorder).pass()));
    await relayTo(recorder).pass();

    for (const { slug } of [acme, globex]) {
      const numbers = recorder.seen
        .filter(({ tenant, name }) => tenant === slug && name === 'project.task-added')
        .map(({ data }) => data['number']);
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
  });

  it('tells of all of it, in order, while it is stored', async () => {
    const ids = [newId<'Project'>(), newId<'Project'>()];
    for (const tenant of [acme, initech]) {
      await persistence.as(tenant, async () => {
        ids.forEach((id, n) => start(`P${n}`, id));
      });
    }
    const say = (tenant: PlacedTenant, id: Project['id'], isolationLevel: IsolationLevel) =>
      persistence.context.run(tenant, () =>
        persistence.unitOfWork.run(
          async () => {
            // What it sees is from before it waits for the others.
            const project = await persistence.projects.getOrFail(id);
            record(project, { name: 'project.said', data: {} });
          },
          { isolationLevel },
        ),
      );
    const recorder = new Recorder(() => sleep(Math.random() * 2));
    const storing = new AbortController();
    const relays = Array.from({ length: 3 }, async () => {
      while (!storing.signal.aborted) {
        await relayTo(recorder).pass();
      }
    });
    for (let round = 0; round < 15; round += 1) {
      await Promise.all(
        [acme, initech].flatMap((tenant) =>
          ids.flatMap((id) => [
            say(tenant, id, 'read committed'),
            say(tenant, id, 'repeatable read'),
          ]),
        ),
      );
    }
    storing.abort();
    await Promise.all(relays);
    await relayTo(recorder).pass();

    for (const { id: tenant, slug, schema } of [acme, initech]) {
      for (const aggregate of ids) {
        const stored = await persistence.asOwner<{ id: string }[]>(
          `select id from "${schema}".outbox_event where tenant_id = ? and aggregate_id = ? order by position`,
          [tenant, aggregate],
        );
        expect(stored).toHaveLength(31);
        expect(
          recorder.seen
            .filter((event) => event.tenant === slug && event.aggregateId === aggregate)
            .map(({ id }) => ({ id })),
        ).toEqual(stored);
      }
    }
  });

  it('does not miss what is committed late', async () => {
    const recorder = new Recorder();
    const held = Promise.withResolvers<undefined>();
    const numbered = Promise.withResolvers<undefined>();
    // It has its number before the other one, and is there after it.
    const late = persistence.as(acme, async () => {
      await persistence.entityManager.execute(
        `insert into outbox_event (tenant_id, id, name, aggregate_id, data, occurred_at, due_at)
         values (?, gen_random_uuid(), 'member.joined', gen_random_uuid(), '{"late": true}', now(), now())`,
        [acme.id],
      );
      numbered.resolve(undefined);
      await held.promise;
    });
    await numbered.promise;
    await persistence.as(acme, async () => join('ada'));
    await relayTo(recorder).pass();
    expect(recorder.seen).toMatchObject([{ data: {} }]);

    held.resolve(undefined);
    await late;
    await relayTo(recorder).pass();

    expect(recorder.seen).toMatchObject([{ data: {} }, { data: { late: true } }]);
  });

  it('numbers what happens to one aggregate in the order of the commits', async () => {
    const id = newId<'Project'>();
    await persistence.as(acme, async () => start('ONE', id));
    const event = (n: number): DomainEvent => ({
      id: newId(),
      name: 'project.task-added',
      aggregateId: id,
      data: { number: n },
      occurredAt: new Date(),
    });
    const held = Promise.withResolvers<undefined>();
    const numbered = Promise.withResolvers<undefined>();
    const first = persistence.as(acme, async () => {
      for (const statement of outboxStatements(acme, [event(1)])) {
        await persistence.entityManager.execute(statement);
      }
      numbered.resolve(undefined);
      await held.promise;
    });
    await numbered.promise;
    let isStored = false;
    const second = persistence
      .as(acme, async () => {
        const project = await persistence.projects.getOrFail(id);
        record(project, { name: 'project.task-added', data: { number: 2 } });
      })
      .then(() => (isStored = true));
    const other = persistence.as(globex, async () => start('ONE', id));
    await other;
    await sleep(200);
    expect(isStored).toBe(false);

    held.resolve(undefined);
    await Promise.all([first, second]);
    expect(await rows(`data->'number' as number`)).toEqual([
      { number: null },
      { number: 1 },
      { number: null },
      { number: 2 },
    ]);
  });

  it('takes turns between tenants, however many events one of them has', async () => {
    await persistence.as(acme, async () => {
      for (let n = 0; n < 50; n += 1) {
        join(`member-${n}`);
      }
    });
    for (const tenant of [globex, initech]) {
      await persistence.as(tenant, async () => join('ada'));
    }
    const recorder = new Recorder();
    await relayTo(recorder, { tenantsAtOnce: 1, eventsInTurn: 5 }).pass();

    expect(recorder.seen).toHaveLength(52);
    const first = recorder.names.slice(0, 12);
    expect(first).toContain('globex member.joined');
    expect(first).toContain('initech member.joined');
  });
});

describe('an event that is not handled', () => {
  const failFor = (slug: string) => (event: Seen) => {
    if (event.tenant === slug && event.data['number'] === 1) {
      throw new TypeError('ada@example.com is no good');
    }
  };
  let id: Project['id'];

  beforeEach(async () => {
    id = newId<'Project'>();
    for (const tenant of [acme, globex]) {
      await persistence.as(tenant, async () => start('ONE', id));
      await addTask(tenant, id, 'one');
      await addTask(tenant, id, 'two');
      await persistence.as(tenant, async () => start('TWO'));
    }
  });

  it('holds up those of its aggregate, and neither others nor other tenants', async () => {
    const recorder = new Recorder(failFor('acme'));
    await relayTo(recorder).pass();

    const of = (slug: string): unknown[] =>
      recorder.seen
        .filter(({ tenant }) => tenant === slug)
        .map(({ name, data }) => [name, data['number'] ?? data['key']])
        .toSorted();
    expect(of('globex')).toEqual([
      ['project.started', 'ONE'],
      ['project.started', 'TWO'],
      ['project.task-added', 1],
      ['project.task-added', 2],
    ]);
    expect(of('acme')).toEqual([
      ['project.started', 'ONE'],
      ['project.started', 'TWO'],
      ['project.task-added', 1],
    ]);
  });

  it('is not looked past again and again, however many wait for it', async () => {
    await relayTo(new Recorder(failFor('acme'))).pass();
    // However long the rest takes here, it is not due again before that.
    await persistence.asOwner(
      `update shared.outbox_event set due_at = due_at + interval '1 hour' where due_at is not null`,
    );
    for (let n = 3; n < 30; n += 1) {
      await addTask(acme, id, `${n}`);
    }
    const due = (): Promise<object[]> =>
      persistence.asOwner(
        `select count(*)::int as count from shared.outbox_event where due_at <= now()`,
      );
    expect(await due()).toEqual([{ count: 27 }]);
    await persistence.as(acme, async () => start('SIX'));

    expect(await relayTo(new Recorder()).pass()).toEqual({ delivered: 1, failed: 0 });
    expect(await due()).toEqual([{ count: 0 }]);

    await dueNow();
    expect(await relayTo(new Recorder()).pass()).toEqual({ delivered: 29, failed: 0 });
  });

  it('comes again later, and then those that wait for it', async () => {
    let failures = 1;
    const recorder = new Recorder((event) => {
      if (event.tenant === 'acme' && event.data['number'] === 1 && failures-- > 0) {
        throw new Error('the first time');
      }
    });
    expect(await relayTo(recorder).pass()).toMatchObject({ failed: 1 });
    expect(await relayTo(recorder).pass()).toEqual({ delivered: 0, failed: 0 });
    await dueNow();

    expect(await relayTo(recorder).pass()).toEqual({ delivered: 2, failed: 0 });
    expect(
      recorder.seen
        .filter(({ tenant, name }) => tenant === 'acme' && name === 'project.task-added')
        .map(({ data, attempt }) => [data['number'], attempt]),
    ).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  it('is parked after so many times, says why without values, and waits for an operator', async () => {
    const recorder = new Recorder(failFor('acme'));
    for (let n = 0; n < MOST_ATTEMPTS + 3; n += 1) {
      await relayTo(recorder).pass();
      await dueNow();
    }
    const parked = await persistence.get(Outboxes).parked();

    expect(parked).toEqual([
      {
        tenant: acme,
        id: expect.any(String) as string,
        name: 'project.task-added',
        aggregateId: id,
        attempts: MOST_ATTEMPTS,
        parkedAt: expect.any(Date) as Date,
        error: expect.any(String) as string,
      },
    ]);

    const outbox = persistence.get(Outbox);
    const [{ id: event }] = parked as [(typeof parked)[0]];
    await expect(persistence.context.run(globex, () => outbox.retry(event))).rejects.toMatchObject({
      kind: 'not-found',
    });
    await persistence.context.run(acme, () => outbox.retry(event));
    const healed = new Recorder();
    await relayTo(healed).pass();
    expect(healed.seen.map(({ data }) => data['number'])).toEqual([1, 2]);
  });

  it('that is parked can be given up, so that those behind it come', async () => {
    const recorder = new Recorder(failFor('acme'));
    for (let n = 0; n < MOST_ATTEMPTS; n += 1) {
      await relayTo(recorder).pass();
      await dueNow();
    }
    const [parked] = await persistence.get(Outboxes).parked();
    await persistence.context.run(acme, () => persistence.get(Outbox).discard(parked!.id));
    const after = new Recorder();
    await relayTo(after).pass();

    expect(after.seen.map(({ data }) => data['number'])).toEqual([2]);
    expect(await persistence.get(Outboxes).parked()).toEqual([]);
  });

  it('since its handler takes too long counts as failed, and keeps nobody waiting', async () => {
    let stopped = 0;
    class Slow extends Recorder {
      override async handle(event: DeliveredEvent, signal?: AbortSignal): Promise<void> {
        await super.handle(event);
        if (persistence.context.current().slug === 'acme') {
          signal?.addEventListener('abort', () => (stopped += 1));
          await sleep(5_000, undefined, { ref: false });
        }
      }
    }
    const begin = Date.now();
    const report = await relayTo(new Slow(), { handlerTimeoutMs: 100 }).pass();

    expect(report).toEqual({ delivered: 4, failed: 2 });
    expect(stopped).toBe(2);
    expect(Date.now() - begin).toBeLessThan(2_000);
  });
});

describe('a relay that dies with events in its hands', () => {
  it('is followed by another one when its claim runs out, and has no say after that', async () => {
    await persistence.as(acme, async () => join('ada'));
    const outbox = persistence.get(Outbox);
    const [claimed] = await persistence.context.run(acme, () => outbox.claim(10, 300));
    const recorder = new Recorder();
    await relayTo(recorder).pass();
    expect(recorder.seen).toEqual([]);

    await sleep(350);
    const [again] = await persistence.context.run(acme, () => outbox.claim(10, 10_000));
    expect(again).toMatchObject({ id: claimed!.id, attempt: 2 });
    await persistence.context.run(acme, () => outbox.acknowledge([claimed!]));
    expect(await rows('delivered_at')).toEqual([{ delivered_at: null }]);

    await persistence.context.run(acme, () => outbox.acknowledge([again!]));
    expect(await rows('delivered_at is not null as delivered')).toEqual([{ delivered: true }]);
  });
});

describe('a placement that is out of order', () => {
  it('keeps nobody else waiting', async () => {
    for (const tenant of [acme, initech]) {
      await persistence.as(tenant, async () => join('ada'));
    }
    const rename = (from: string, to: string): Promise<unknown> =>
      persistence.asOwner(
        `alter table "${initech.schema}".outbox_event rename column ${from} to ${to}`,
      );
    await rename('data', 'elsewhere');
    const recorder = new Recorder();

    expect(await relayTo(recorder).pass()).toEqual({ delivered: 1, failed: 0 });
    expect(recorder.names).toEqual(['acme member.joined']);

    await rename('elsewhere', 'data');
    expect(await relayTo(recorder).pass()).toEqual({ delivered: 1, failed: 0 });
  });
});

describe('a placement that is not migrated yet', () => {
  it('is left out, and keeps nobody else waiting', async () => {
    await persistence.asOwner(
      `create schema t_lagging; insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', 't_lagging')`,
    );
    await persistence.as(acme, async () => join('ada'));

    expect(await relayTo(new Recorder()).pass()).toEqual({ delivered: 1, failed: 0 });
  });
});

describe('a placement that a newer build has contracted', () => {
  it('is left to that build, and its events are not parked by handlers that fail', async () => {
    await persistence.as(acme, async () => join('ada'));
    await persistence.asOwner(
      `insert into catalog.migration (target, name, kind) values ('shared', '99-next', 'contract')`,
    );

    expect(await relayTo(new Recorder()).pass()).toEqual({ delivered: 0, failed: 0 });

    await persistence.asOwner(`delete from catalog.migration where name = '99-next'`);
    expect(await relayTo(new Recorder()).pass()).toEqual({ delivered: 1, failed: 0 });
  });
});

describe('an event of which those die or complain who deliver it', () => {
  it('is parked when it was never handled', async () => {
    await persistence.as(acme, async () => join('ada'));
    for (let times = 0; times < MOST_ATTEMPTS; times += 1) {
      await dueNow();
      const [event] = await persistence.context.run(acme, () =>
        persistence.get(Outbox).claim(1, 1_000),
      );
      expect(event?.attempt).toBe(times + 1);
    }
    await dueNow();

    const handler = new Recorder();
    await relayTo(handler).pass();

    expect(handler.names).toEqual([]);
    expect(await persistence.get(Outboxes).parked()).toMatchObject([
      { name: 'member.joined', error: expect.stringContaining('ended before') as string },
    ]);
  });

  it('may be complained of with whatever text: the others of its turn are delivered once', async () => {
    await persistence.as(acme, async () => {
      join('ada');
      join('bob');
    });
    let failures = 0;
    const handler = new Recorder(({ aggregateId }) => {
      if (aggregateId === handler.seen[0]?.aggregateId) {
        failures += 1;
        throw new Error(`upstream said \0${'x'.repeat(5_000)}`);
      }
    });
    const relay = relayTo(handler);

    await relay.pass();
    await dueNow();
    await relay.pass();

    expect(failures).toBe(2);
    expect(handler.seen).toHaveLength(3);
    expect(
      await rows('attempts, delivered_at is not null as delivered, length(error) as said'),
    ).toEqual(
      expect.arrayContaining([
        { attempts: 2, delivered: false, said: 1_000 },
        { attempts: 1, delivered: true, said: null },
      ]),
    );
  });
});

describe('handlers whose turn is the same', () => {
  it('store what they change each for itself', async () => {
    await persistence.as(acme, async () => {
      join('ada');
      join('bob');
    });
    const handler = new Recorder(async ({ aggregateId }) => {
      const member = await persistence.members.getOrFail(aggregateId as Member['id']);
      if (member.name === 'bob') {
        // There is such a one.
        join('ada');
      } else {
        await sleep(20);
        member.rename('greeted');
      }
      await persistence.entityManager.flush();
    });

    expect(await relayTo(handler).pass()).toMatchObject({ failed: 1 });

    expect(await persistence.asOwner('select name from shared.member order by name')).toEqual([
      { name: 'bob' },
      { name: 'greeted' },
    ]);
  });
});

describe('a placement whose tables are being removed', () => {
  it('keeps nobody from being served, and no event from being seen', async () => {
    await persistence.as(acme, async () => join('ada'));
    await persistence.asOwner(`alter table "${initech.schema}".outbox_event rename to gone`);
    try {
      const recorder = new Recorder();
      await relayTo(recorder).pass();

      expect(recorder.names).toEqual(['acme member.joined']);
      expect(await persistence.get(Outboxes).parked()).toEqual([]);
    } finally {
      await persistence.asOwner(`alter table "${initech.schema}".gone rename to outbox_event`);
    }
  });
});
