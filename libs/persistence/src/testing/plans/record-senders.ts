import type { DeliveredEvent } from '@tenantry/application';
import { email, Member, newId, Project, projectKey, SHARED_SCHEMA, Task } from '@tenantry/domain';
import { insertInBulk } from '../../repositories/insert-in-bulk.ts';
import { Outbox } from '../../outbox/outbox.ts';
import { tenantOf } from '../../mapping/tenant-owned.ts';
import { markerIn } from '../../unit-of-work/commit-marker.ts';
import { Idempotency } from '../../unit-of-work/idempotency.ts';
import type { Persistence } from '../persistence-harness.ts';
import { idOf } from './large-placement.ts';
import { type Sender, type Senders, sendersOf } from './sender.ts';

/** What units of work leave beside the entities, and what becomes of it. */
export function recordSenders({ get }: Pick<Persistence, 'get'>): readonly Sender[] {
  return [
    ...sendersOf('outbox', ofOutbox(get(Outbox))),
    ...sendersOf('idempotency', ofIdempotency(get(Idempotency))),
    ...sendersOf('marker', ofMarkers()),
    ...sendersOf('bulk', ofBulk()),
  ];
}

function ofOutbox(outbox: Outbox): Senders {
  const eventOf = (n: number): DeliveredEvent => ({
    id: idOf(n),
    name: 'project.started',
    aggregateId: idOf(1 + Math.floor(n / 5)),
    data: {},
    occurredAt: new Date(),
    attempt: 1,
  });
  return {
    claim: () => outbox.claim(10, 60_000),
    // Those of an aggregate whose first is not delivered.
    'claim of those that are held up': async ({ entityManager }) => {
      await entityManager.execute(
        `update outbox_event set due_at = now() where tenant_id = ? and id in (?)`,
        [tenantOf(entityManager), [idOf(202), idOf(203)]],
      );
      await outbox.claim(10, 60_000);
    },
    acknowledge: () => outbox.acknowledge([eventOf(401)]),
    fail: () => outbox.fail(eventOf(301), 'broken'),
    retry: () => outbox.retry(idOf(103)),
    discard: () => outbox.discard(idOf(403)),
  };
}

function ofIdempotency(idempotency: Idempotency): Senders {
  const once = (key: string): Promise<unknown> =>
    idempotency.once({ key, fingerprint: 'fingerprint' }, async () => 'done');
  return {
    'once for the first time': () => once(newId()),
    'once again': () => once('key 7'),
  };
}

function ofMarkers(): Senders {
  const tables = ['commit_marker', 'outbox_event', 'idempotency_key'] as const;
  return Object.fromEntries(
    tables.flatMap((table) =>
      (['fence', 'look'] as const).map((statement) => [
        `${statement} in ${table}`,
        ({ entityManager }) => {
          const place = { schema: SHARED_SCHEMA, owner: { tenant_id: tenantOf(entityManager) } };
          return entityManager.execute(markerIn(place, table, newId())[statement]);
        },
      ]),
    ) as [string, Sender['run']][],
  );
}

function ofBulk(): Senders {
  return {
    insertInBulk: async ({ transactional }) => {
      const member = new Member({ email: email(`${newId()}@example.com`), name: 'Ada' });
      const project = new Project({
        key: projectKey(`B${newId().slice(-8).toUpperCase()}`),
        name: 'Two',
      });
      const task = project.addTask({ title: 'First', assignee: member });
      await transactional.run(async (transaction) => {
        await insertInBulk(transaction, Member, [member]);
        await insertInBulk(transaction, Project, [project]);
        await insertInBulk(transaction, Task, [task]);
      });
    },
  };
}
