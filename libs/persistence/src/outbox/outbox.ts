import { Injectable } from '@nestjs/common';
import type { DeliveredEvent } from '@tenantry/application';
import { NotFound } from '@tenantry/domain';
import { tenantOf } from '../mapping/tenant-owned.ts';
import { TransactionalService } from '../unit-of-work/transactional.service.ts';

/** After so many attempts an event waits for an operator. */
export const MOST_ATTEMPTS = 10;
const FIRST_PAUSE_S = 1;
const LONGEST_PAUSE_S = 300;

/**
 * The events of the current tenant that are to be delivered. Whoever claims some holds them for a time: one who dies is
 * followed by somebody else, and one who is too slow may not say any more what became of them.
 */
@Injectable()
export class Outbox {
  constructor(private readonly transactional: TransactionalService) {}

  /** Claims the next event of up to so many aggregates, longest due first; none of an aggregate where one is held up. */
  claim(most: number, leaseMs: number): Promise<readonly DeliveredEvent[]> {
    return this.transactional.run(
      async (entityManager) => {
        const tenant = tenantOf(entityManager);
        const claimed = await entityManager.execute<DeliveredEvent[]>(
          `with head as materialized (
             select id from outbox_event head
             where tenant_id = ? and due_at <= now() and not exists (
               select from outbox_event earlier
               where earlier.tenant_id = ? and earlier.aggregate_id = head.aggregate_id
                 and earlier.position < head.position and earlier.delivered_at is null and earlier.name is not null)
             order by due_at, position limit ? for update skip locked)
           update outbox_event event
           set attempts = attempts + 1, due_at = now() + ? * interval '1 millisecond'
           from head where event.tenant_id = ? and event.id = head.id
           returning event.id, name, aggregate_id as "aggregateId", data, occurred_at as "occurredAt", attempts as attempt`,
          [tenant, tenant, most, leaseMs, tenant],
        );
        return claimed.map((event) => ({ ...event, occurredAt: new Date(event.occurredAt) }));
      },
      { replayable: true },
    );
  }

  /** They have been handled, and are not delivered again. */
  async acknowledge(events: readonly DeliveredEvent[]): Promise<void> {
    await this.settle(events, 'delivered_at = now(), due_at = null, error = null', []);
  }

  /** It is to be delivered again later, or to wait for an operator. @param reason without values */
  async fail(event: DeliveredEvent, reason: string): Promise<void> {
    const { attempt } = event;
    if (attempt >= MOST_ATTEMPTS) {
      await this.settle([event], 'parked_at = now(), due_at = null, error = ?', [reason]);
      return;
    }
    const pause = Math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1));
    const change = `due_at = now() + ? * interval '1 second', error = ?`;
    await this.settle([event], change, [pause * (0.5 + Math.random() / 2), reason]);
  }

  /** Delivers a parked event again, as if for the first time. @throws {NotFound} */
  retry(id: string): Promise<void> {
    return this.decide(id, 'attempts = 0, due_at = now(), parked_at = null');
  }

  /** Gives a parked event up: those of its aggregate that wait for it are delivered. @throws {NotFound} */
  discard(id: string): Promise<void> {
    return this.decide(id, 'delivered_at = now(), parked_at = null');
  }

  private decide(id: string, change: string): Promise<void> {
    return this.transactional.run(async (entityManager) => {
      const decided = await entityManager.execute<object[]>(
        `update outbox_event set ${change}
         where tenant_id = ? and id = ? and parked_at is not null returning id`,
        [tenantOf(entityManager), id],
      );
      if (decided.length === 0) {
        throw new NotFound('parked event');
      }
    });
  }

  /** Of the claim that it was: one that has run out, and was claimed by somebody else, has no say. */
  private async settle(
    events: readonly DeliveredEvent[],
    change: string,
    parameters: readonly unknown[],
  ): Promise<void> {
    if (events.length === 0) {
      return;
    }
    const claims = JSON.stringify(events.map(({ id, attempt }) => ({ id, attempt })));
    await this.transactional.run(
      async (entityManager) => {
        await entityManager.execute(
          `update outbox_event set ${change}
           from jsonb_to_recordset(?::jsonb) as claim(id uuid, attempt int)
           where tenant_id = ? and outbox_event.id = claim.id and attempts = claim.attempt and due_at is not null`,
          [...parameters, claims, tenantOf(entityManager)],
        );
      },
      { replayable: true },
    );
  }
}
