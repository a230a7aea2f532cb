import { Logger } from '@nestjs/common';
import type { DeliveredEvent, EventHandler } from '@tenantry/application';
import type { WorkEvent } from '@tenantry/domain';

/** Writes into the log what has happened, for whoever follows it. Twice when an event comes twice: its id says so. */
export class EventLog implements EventHandler {
  readonly events = [
    'member.joined',
    'member.left',
    'project.started',
    'project.status-changed',
    'project.archived',
    'project.restored',
    'project.task-added',
    'project.task-done',
    'project.task-reopened',
  ] as const satisfies readonly WorkEvent['name'][];
  private readonly logger = new Logger('Event');

  constructor(private readonly currentTenant: () => string) {}

  handle({ id, name, aggregateId, occurredAt }: DeliveredEvent): Promise<void> {
    this.logger.log({ msg: name, id, aggregateId, occurredAt, tenant: this.currentTenant() });
    return Promise.resolve();
  }
}
