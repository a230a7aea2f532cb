import { Logger } from '@nestjs/common';
import type { DeliveredEvent, EventHandler } from '@tenantry/application';
import { countDeliveries, errorWithoutValues, inSpan } from '@tenantry/platform';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import type { TenantContext } from '../tenant-context/tenant-context.ts';
import { MOST_ATTEMPTS, type Outbox } from './outbox.ts';
import type { Outboxes } from './outboxes.ts';

/** How the relay works. The numbers are those of a process; any number of processes share the work. */
export interface RelayOptions {
  /** How many tenants are served at once. */
  readonly tenantsAtOnce: number;
  /** How many events of a tenant, each of another aggregate, are delivered at once before the next tenant's turn. */
  readonly eventsInTurn: number;
  /** How long a handler may take for an event (milliseconds). */
  readonly handlerTimeoutMs: number;
}

const DEFAULTS: RelayOptions = { tenantsAtOnce: 4, eventsInTurn: 20, handlerTimeoutMs: 10_000 };

/** What is left of a claim when its handlers have taken as long as they may. */
const LEASE_MARGIN_MS = 10_000;

/** What came of the events of one pass. */
export interface PassReport {
  delivered: number;
  failed: number;
}

/**
 * Delivers what is in the outboxes of all placements. It takes turns between tenants, so that neither a tenant with many
 * events nor one whose events fail keeps the others waiting. Of a tenant it goes by what is to be delivered and not by
 * where it has been before: an event whose transaction commits late is found all the same.
 */
export class OutboxRelay {
  private readonly logger = new Logger('Outbox');
  private readonly options: RelayOptions;

  constructor(
    private readonly context: TenantContext,
    private readonly outboxes: Outboxes,
    private readonly outbox: Outbox,
    private readonly handlers: readonly EventHandler[],
    options: Partial<RelayOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  /**
   * Delivers until nothing is due any more, or the signal is raised.
   * @param schemas of the placements that are looked at; all of them when it is not said
   */
  async pass(schemas?: ReadonlySet<string>, signal?: AbortSignal): Promise<PassReport> {
    const report: PassReport = { delivered: 0, failed: 0 };
    const queue = [...(await this.outboxes.dueTenants(schemas))];
    const serve = async (): Promise<void> => {
      for (let tenant = queue.shift(); tenant && !signal?.aborted; tenant = queue.shift()) {
        if (await this.takeTurn(tenant, report)) {
          queue.push(tenant);
        }
      }
    };
    await Promise.all(Array.from({ length: this.options.tenantsAtOnce }, serve));
    return report;
  }

  /** @returns whether there may be more */
  private async takeTurn(tenant: PlacedTenant, report: PassReport): Promise<boolean> {
    try {
      return await this.context.run(tenant, async () => {
        const { eventsInTurn, handlerTimeoutMs } = this.options;
        const events = await this.outbox.claim(eventsInTurn, handlerTimeoutMs + LEASE_MARGIN_MS);
        // They are of as many aggregates: none has to wait for another.
        const handled = await Promise.all(
          // Each in a scope of its own: what one leaves undone is no business of the others.
          events.map((event) => this.context.run(tenant, () => this.deliver(event))),
        );
        const delivered = events.filter((_, index) => handled[index]);
        await this.outbox.acknowledge(delivered);
        countDeliveries('delivered', delivered.length);
        report.delivered += delivered.length;
        report.failed += events.length - delivered.length;
        return events.length > 0;
      });
    } catch (error) {
      // The database, of one placement maybe: the others go on, and the claim runs out.
      this.logger.error({ err: error, msg: 'events could not be delivered', tenant: tenant.slug });
      return false;
    }
  }

  private async deliver(event: DeliveredEvent): Promise<boolean> {
    try {
      // One after the other, and all within the time of one: the claim is for no longer.
      const signal = AbortSignal.timeout(this.options.handlerTimeoutMs);
      await inSpan(`deliver ${event.name}`, { 'messaging.message.id': event.id }, async () => {
        for (const handler of this.handlers.filter(({ events }) => events.includes(event.name))) {
          await inTime(handler.handle(event, signal), signal);
        }
      });
      return true;
    } catch (error) {
      const { attempt, id, name } = event;
      this.logger.warn({ err: error, msg: 'an event was not handled', id, name, attempt });
      await this.fail(event, errorWithoutValues(error).message);
      return false;
    }
  }

  /** The others of the turn are acknowledged in any case; the claim of this one runs out. */
  private async fail(event: DeliveredEvent, reason: string): Promise<void> {
    try {
      await this.outbox.fail(event, reason);
      countDeliveries(event.attempt >= MOST_ATTEMPTS ? 'parked' : 'failed');
    } catch (error) {
      this.logger.error({ err: error, msg: 'a failure could not be recorded', id: event.id });
    }
  }
}

/** Nobody waits for a handler that takes too long; whether it listens to its signal is its own affair. */
async function inTime(handled: Promise<void>, signal: AbortSignal): Promise<void> {
  handled.catch(() => undefined);
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => {
    late.reject(new Error('The handler took too long.'));
  };
  signal.addEventListener('abort', giveUp);
  try {
    await Promise.race([handled, late.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
