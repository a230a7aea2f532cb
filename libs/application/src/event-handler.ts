/** An event as it is delivered. */
export interface DeliveredEvent {
  /** The same each time that it is delivered: by it a handler can tell that it has seen it before. */
  readonly id: string;
  /** What has happened, such as `project.archived`. */
  readonly name: string;
  readonly aggregateId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly occurredAt: Date;
  /** How often it has been delivered, this time included. */
  readonly attempt: number;
}

/**
 * Does something when something has happened. It runs in the scope of the tenant that it has happened to, after the
 * change was stored, and in no transaction. Events of one aggregate come in their order, each when the one before has been
 * handled; those of different ones in any order. An event comes at least once: again after a failure, or when it is not
 * known whether it was handled.
 */
export abstract class EventHandler {
  /** The names of those that it is for. */
  abstract readonly events: readonly string[];

  /**
   * When it throws, the event is delivered again later, to all of its handlers.
   * @param signal is raised when it takes too long: the event then counts as failed
   */
  abstract handle(event: DeliveredEvent, signal: AbortSignal): Promise<void>;
}
