import { Counter, Gauge } from 'prom-client';
import { registry } from './registry.ts';

/** What came of trying to deliver an event. One that is `parked` has failed for the last time, and waits for an operator. */
const OUTCOMES = ['delivered', 'failed', 'parked'] as const;
type DeliveryOutcome = (typeof OUTCOMES)[number];

const deliveries = new Counter({
  name: 'tenantry_outbox_deliveries_total',
  help: 'Events that this process has tried to deliver, by what came of it.',
  labelNames: ['outcome'],
  registers: [registry],
});
const events = new Gauge({
  name: 'tenantry_outbox_events',
  help: 'Events in the outboxes of all placements, by state. Absent until this process has looked.',
  labelNames: ['state'],
  registers: [registry],
});

OUTCOMES.forEach((outcome) => {
  deliveries.inc({ outcome }, 0);
});

export function countDeliveries(outcome: DeliveryOutcome, count = 1): void {
  deliveries.inc({ outcome }, count);
}

/** How many events wait for an operator, found by whoever looks now and then. */
export function setParkedEvents(count: number): void {
  events.set({ state: 'parked' }, count);
}
