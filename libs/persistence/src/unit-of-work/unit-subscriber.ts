import { ChangeSetType, type EventSubscriber, type FlushEventArgs } from '@mikro-orm/core';
import { takeEvents } from '@tenantry/domain';
import type { TransactionalEntityManager } from './transactional-entity-manager.ts';

/** Keeps a unit of work informed of what is written in it: which entities are gone, and what has happened to the others. */
export class UnitSubscriber implements EventSubscriber {
  afterFlush({ em, uow }: FlushEventArgs): void {
    const unit = unitOf(em);
    if (unit) {
      unit.events.push(...involved(uow).flatMap(takeEvents));
      unit.removed.push(
        ...uow
          .getChangeSets()
          .filter(isRemoval)
          .map(({ entity }) => entity as object),
      );
    }
  }
}

function unitOf(entityManager: FlushEventArgs['em']): TransactionalEntityManager['unit'] {
  return (entityManager as TransactionalEntityManager).unit;
}

/** What was written, and what was read: something may have happened to a root of which only a part was written. */
function involved(unitOfWork: FlushEventArgs['uow']): object[] {
  const written = unitOfWork.getChangeSets().map(({ entity }) => entity as object);
  return [...new Set([...written, ...(unitOfWork.getIdentityMap().values() as object[])])];
}

function isRemoval({ type }: { readonly type: ChangeSetType }): boolean {
  return type === ChangeSetType.DELETE || type === ChangeSetType.DELETE_EARLY;
}
