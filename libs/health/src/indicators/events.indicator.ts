import type { Outboxes } from '@tenantry/persistence';
import { setParkedEvents } from '@tenantry/platform';
import { Indicator, measure, RARELY_MS } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

/** Events that could not be delivered. They are in all placements, so this is not looked at often. */
export class EventsIndicator extends Indicator {
  override readonly name = 'events';
  override readonly everyMs = RARELY_MS;
  override readonly deadlineMs = 30_000;

  constructor(private readonly outboxes: Outboxes) {
    super();
  }

  /** By the connections of the app, since only the relay may see them. */
  override async observe(): Promise<readonly Reading[]> {
    const { length } = await this.outboxes.parked();
    setParkedEvents(length);
    return [measure('parked-events', length)];
  }
}
