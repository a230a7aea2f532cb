import type { BaseEntity } from './base-entity.ts';
import { type Id, newId } from './id.ts';

/** Something that has happened to an aggregate: its name says which and what, such as `project.archived`. */
export interface EventOf<Name extends `${string}.${string}`, Data extends object = object> {
  readonly name: Name;
  /** What others need to know of it, as JSON has it. */
  readonly data: Data;
}

/** An event with when and to what it happened. */
export interface DomainEvent extends EventOf<`${string}.${string}`> {
  /** Ids sort in the order in which things happened. */
  readonly id: Id<'Event'>;
  readonly aggregateId: string;
  readonly occurredAt: Date;
}

const recorded = new WeakMap<BaseEntity, DomainEvent[]>();

/**
 * Records what has just happened. It is told to others when the change itself is stored, and only then.
 * @throws {TypeError} when it cannot be told to anybody any more
 */
export function record(
  aggregate: BaseEntity,
  { name, data }: EventOf<`${string}.${string}`>,
): void {
  if (Object.isFrozen(aggregate)) {
    throw new TypeError(
      `${name} was recorded for an aggregate whose unit of work has ended: it would never be told. Read it anew.`,
    );
  }
  const events = recorded.get(aggregate) ?? [];
  recorded.set(aggregate, events);
  events.push({ id: newId(), name, data, aggregateId: aggregate.id, occurredAt: new Date() });
}

/** What has happened to it and is not stored yet. */
export function recordedEvents(aggregate: object): readonly DomainEvent[] {
  return recorded.get(aggregate as BaseEntity) ?? [];
}

/** Gives back what was taken and could not be stored. */
export function returnEvents(aggregate: object, events: readonly DomainEvent[]): void {
  recorded.set(aggregate as BaseEntity, [...events, ...recordedEvents(aggregate)]);
}

/** What has happened to it since the last time someone asked. For the unit of work, which stores it. */
export function takeEvents(aggregate: object): readonly DomainEvent[] {
  const events = recordedEvents(aggregate);
  recorded.delete(aggregate as BaseEntity);
  return events;
}
