import { Collection, type EventSubscriber, type FlushEventArgs, helper } from '@mikro-orm/core';

/**
 * Gives new aggregates MikroORM's own collections. The domain is free of it, so a new aggregate holds its children in a
 * `Set`; those that are loaded have a `Collection` from the start. Without this a new aggregate cannot be stored.
 */
export class CollectionSubscriber implements EventSubscriber {
  beforeFlush({ uow }: FlushEventArgs): void {
    for (const entity of uow.getPersistStack() as Set<Record<string, unknown>>) {
      for (const { name } of helper(entity).__meta.relations) {
        const children = entity[name];
        if (children instanceof Set) {
          entity[name] = new Collection(entity, [...(children as Set<object>)]);
        }
      }
    }
  }
}
