import type { EventSubscriber, FlushEventArgs } from '@mikro-orm/core';
import { mustBeOf, mustBeWritableIn } from './ownership.ts';
import type { ScopedEntityManager } from './scoped-entity-manager.ts';

/**
 * Goes through all that a flush is about to write, whichever way it came there: by cascade, by a collection, by an
 * assignment inside of an aggregate. Ids collide between tenants, so a reference to another tenant's entity would
 * otherwise be stored as one to an own row that happens to have the same id.
 */
export class WriteGuard implements EventSubscriber {
  onFlush({ em, uow }: FlushEventArgs): void {
    const { sealedTo: scope } = em as ScopedEntityManager;
    if (!scope) {
      return;
    }
    for (const { entity, meta } of uow.getChangeSets()) {
      mustBeOf(scope, entity);
      mustBeWritableIn(scope, meta, entity);
    }
  }
}
