import { type EventSubscriber, type FlushEventArgs, Utils } from '@mikro-orm/core';
import { mustBeOf } from './ownership.ts';
import type { ScopedEntityManager } from './scoped-entity-manager.ts';
import type { Scope } from './scope.ts';

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
      for (const { name } of meta.relations) {
        mustReferTo(scope, (entity as Record<string, unknown>)[name]);
      }
    }
  }
}

function mustReferTo(scope: Scope, value: unknown): void {
  const targets: Iterable<unknown> = Utils.isCollection(value) ? value.getItems(false) : [value];
  for (const target of targets) {
    if (Utils.isEntity(target, true)) {
      mustBeOf(scope, target);
    }
  }
}
