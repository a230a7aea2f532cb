import { Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { DeliveredEvent } from '@tenantry/application';
import { NotFound } from '@tenantry/domain';
import { tenantOf } from '../mapping/tenant-owned.ts';
import { TransactionalService } from '../unit-of-work/transactional.service.ts';
import { lockAggregates } from './outbox-statements.ts';

/** After so many attempts an event waits for an operator. */
export const MOST_ATTEMPTS = 10;
const FIRST_PAUSE_S = 1;
const LONGEST_PAUSE_S = 300;
/** In characters. */
const LONGEST_REASON = 1_000;

/** What was found that is due. */
interface Claim {
  readonly events: readonly DeliveredEvent[];
  /** Those that have to wait for an earlier one. */
  readonly heldUp: readonly Pick<DeliveredEvent, 'id' | 'aggregateId'>[];
}

interface DueRow extends DeliveredEvent {
  readonly isNext: boolean;
}

/**
 * The events of the current tenant that are to be delivered. Whoever claims some holds them for a time: one who dies is
 * followed by somebody else, and one who is too slow may not say any more what became of them.
 *
 * An event that has to wait for an earlier one of its aggregate is due until that is noticed, and again when the earlier
 * one is done: however many wait, it takes no longer to find one that does not.
 */
@Injectable()
export class Outbox {
  constructor(private readonly transactional: TransactionalService) {}

  /** Claims the next event of up to so many aggregates, longest due first; none of an aggregate where one is held up. */
  async claim(most: number, leaseMs: number): Promise<readonly DeliveredEvent[]> {
    for (;;) {
      const { events, heldUp } = await this.claimDue(most, leaseMs);
      if (heldUp.length > 0) {
        await this.setAside(heldUp);
      }
      if (events.length > 0 || heldUp.length === 0) {
        return events;
      }
    }
  }

  /** They have been handled, and are not delivered again. */
  async acknowledge(events: readonly DeliveredEvent[]): Promise<void> {
    if (events.length > 0) {
      await this.transactional.run(
        async (entityManager) => {
          await settle(entityManager, events, 'delivered_at = now(), due_at = null, error = null');
          const aggregates = events.map(({ aggregateId }) => aggregateId);
          await makeNextDue(entityManager, aggregates);
        },
        { replayable: true },
      );
    }
  }

  /** It is to be delivered again later, or to wait for an operator. @param reason without values */
  async fail(event: DeliveredEvent, reason: string): Promise<void> {
    const { attempt } = event;
    const pause = Math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1));
    const [change, parameters] =
      attempt >= MOST_ATTEMPTS
        ? ['parked_at = now(), due_at = null', []]
        : [`due_at = now() + ? * interval '1 second'`, [pause * (0.5 + Math.random() / 2)]];
    await this.transactional.run(
      (entityManager) =>
        settle(entityManager, [event], `${change}, error = ?`, [...parameters, storable(reason)]),
      { replayable: true },
    );
  }

  /** Delivers a parked event again, as if for the first time. @throws {NotFound} */
  async retry(id: string): Promise<void> {
    await this.transactional.run((entityManager) =>
      decide(entityManager, id, 'attempts = 0, due_at = now()'),
    );
  }

  /** Gives a parked event up: those of its aggregate that wait for it are delivered. @throws {NotFound} */
  async discard(id: string): Promise<void> {
    await this.transactional.run(async (entityManager) => {
      const aggregate = await decide(entityManager, id, 'delivered_at = now()');
      await makeNextDue(entityManager, [aggregate]);
    });
  }

  private claimDue(most: number, leaseMs: number): Promise<Claim> {
    return this.transactional.run(
      async (entityManager) => {
        const tenant = tenantOf(entityManager);
        const due = await entityManager.execute<DueRow[]>(
          `with due as materialized (
             select id, aggregate_id, position, attempts from outbox_event
             where tenant_id = ? and due_at <= now() order by due_at limit ? for update skip locked),
           judged as materialized (
             select id, aggregate_id, attempts >= ? as is_given_up, not exists (
               select from outbox_event earlier
               where earlier.tenant_id = ? and earlier.aggregate_id = due.aggregate_id
                 and earlier.position < due.position and earlier.delivered_at is null and earlier.name is not null) as is_next
             from due),
           claimed as (
             update outbox_event
             set attempts = attempts + 1, due_at = now() + ? * interval '1 millisecond'
             where tenant_id = ? and id = any(array(select id from judged where is_next and not is_given_up))
             returning id, name, data, occurred_at, attempts),
           given_up as (
             update outbox_event
             set parked_at = now(), due_at = null, error = 'whoever delivered it ended before it was handled'
             where tenant_id = ? and id = any(array(select id from judged where is_next and is_given_up)))
           select id, name, aggregate_id as "aggregateId", data, occurred_at as "occurredAt", attempts as attempt,
             is_next as "isNext"
           from judged left join claimed using (id) where not (is_next and is_given_up)`,
          [tenant, most, MOST_ATTEMPTS, tenant, leaseMs, tenant, tenant],
        );
        return {
          events: due
            .filter(({ isNext }) => isNext)
            .map(({ id, name, aggregateId, data, occurredAt, attempt }) => ({
              id,
              name,
              aggregateId,
              data,
              occurredAt: new Date(occurredAt),
              attempt,
            })),
          heldUp: due.filter(({ isNext }) => !isNext),
        };
      },
      { replayable: true },
    );
  }

  /** They are due when the earlier ones are done. */
  private async setAside(heldUp: Claim['heldUp']): Promise<void> {
    await this.transactional.run(
      async (entityManager) => {
        const tenant = tenantOf(entityManager);
        const aggregates = heldUp.map(({ aggregateId }) => aggregateId);
        await entityManager.execute(lockAggregates(tenant, aggregates));
        await entityManager.execute(
          `update outbox_event event set due_at = null
           where tenant_id = ? and id in (?) and due_at is not null and exists (
             select from outbox_event earlier
             where earlier.tenant_id = ? and earlier.aggregate_id = event.aggregate_id
               and earlier.position < event.position and earlier.delivered_at is null and earlier.name is not null)`,
          [tenant, heldUp.map(({ id }) => id), tenant],
        );
      },
      { replayable: true },
    );
  }
}

/** PostgreSQL has no place for NUL. */
function storable(reason: string): string {
  return reason.replaceAll('\0', '').slice(0, LONGEST_REASON);
}

/** Of the claim that it was: one that has run out, and was claimed by somebody else, has no say. */
async function settle(
  entityManager: EntityManager,
  events: readonly DeliveredEvent[],
  change: string,
  parameters: readonly unknown[] = [],
): Promise<void> {
  const attempts = Object.fromEntries(events.map(({ id, attempt }) => [id, attempt]));
  await entityManager.execute(
    `update outbox_event set ${change}
     where tenant_id = ? and id in (?) and attempts = (?::jsonb ->> id::text)::int and due_at is not null`,
    [...parameters, tenantOf(entityManager), Object.keys(attempts), JSON.stringify(attempts)],
  );
}

/** @returns of which aggregate it is */
async function decide(entityManager: EntityManager, id: string, change: string): Promise<string> {
  const [event] = await entityManager.execute<{ aggregate: string }[]>(
    `update outbox_event set ${change}, parked_at = null
     where tenant_id = ? and id = ? and parked_at is not null returning aggregate_id as aggregate`,
    [tenantOf(entityManager), id],
  );
  if (!event) {
    throw new NotFound('parked event');
  }
  return event.aggregate;
}

/** Those that have waited for what is done now: they may have been set aside. */
async function makeNextDue(
  entityManager: EntityManager,
  aggregates: readonly string[],
): Promise<void> {
  const tenant = tenantOf(entityManager);
  // Whoever sets others aside sees what was done, or does it before this.
  await entityManager.execute(lockAggregates(tenant, aggregates));
  await entityManager.execute(
    `update outbox_event set due_at = now()
     where tenant_id = ? and due_at is null and parked_at is null and id = any(array(
       select next.id from jsonb_array_elements_text(?::jsonb) as done(aggregate)
       cross join lateral (
         select id from outbox_event
         where tenant_id = ? and aggregate_id = done.aggregate::uuid and delivered_at is null and name is not null
         order by position limit 1) next))`,
    [tenant, JSON.stringify(aggregates), tenant],
  );
}
