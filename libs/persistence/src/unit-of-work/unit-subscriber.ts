import {
  ChangeSetType,
  type EventArgs,
  type EventSubscriber,
  type FlushEventArgs,
  type TransactionEventArgs,
} from '@mikro-orm/core';
import { takeEvents } from '@tenantry/domain';
import { takeEventsOf, takeForStoredWhatWasWritten } from './entities.ts';
import { loneUnitOf } from './flush-queue.ts';
import type { TransactionalEntityManager } from './transactional-entity-manager.ts';
import type { Unit } from './unit.ts';

/** Keeps a unit of work informed of what is written in it: which entities are gone, and what has happened to the others. */
export class UnitSubscriber implements EventSubscriber {
  /** MikroORM forgets entities that it fails to store. */
  onFlush({ em, uow }: FlushEventArgs): void {
    const lone = loneUnitOf(em);
    const unit = (em as TransactionalEntityManager).unit ?? lone;
    for (const { entity } of uow.getChangeSets()) {
      unit?.written.add(entity as object);
    }
    // Now: what is changed while it is being stored is stored by a later one.
    if (lone && willWrite(uow)) {
      lone.events.push(...involved(lone, uow).flatMap(takeEvents));
    }
  }

  /** Of a flush that is a unit of work by itself: afterwards its transaction has ended. */
  beforeTransactionCommit({ em, uow }: TransactionEventArgs): void {
    const manager = em as TransactionalEntityManager;
    const unit = loneUnitOf(em);
    if (unit && uow && !manager.unit) {
      // What has happened since, to what has not changed since: those who listen may have said it.
      unit.events.push(...[...takeEventsOf(em, involved(unit, uow)).values()].flat());
      manager.sayFarewell(unit);
      unit.transaction.isUnderWay = false;
    }
  }

  afterUpdate({ changeSet }: EventArgs<object>): void {
    if (changeSet) {
      takeForStoredWhatWasWritten(changeSet);
    }
  }

  afterFlush({ em, uow }: FlushEventArgs): void {
    const { unit } = em as TransactionalEntityManager;
    if (unit) {
      note(unit, uow);
    }
  }
}

function willWrite(unitOfWork: FlushEventArgs['uow']): boolean {
  return (
    unitOfWork.getChangeSets().length > 0 ||
    unitOfWork.getCollectionUpdates().length > 0 ||
    unitOfWork.getExtraUpdates().size > 0
  );
}

function note(unit: Unit, uow: FlushEventArgs['uow']): void {
  unit.events.push(...involved(unit, uow).flatMap(takeEvents));
  unit.removed.push(
    ...uow
      .getChangeSets()
      .filter(isRemoval)
      .map(({ entity }) => entity as object),
  );
}

/**
 * What was written, even earlier, and what was read: something may have happened to a root of which only a part was written,
 * or to what is gone.
 */
function involved({ written }: Unit, unitOfWork: FlushEventArgs['uow']): object[] {
  return [...new Set([...written, ...(unitOfWork.getIdentityMap().values() as object[])])];
}

function isRemoval({ type }: { readonly type: ChangeSetType }): boolean {
  return type === ChangeSetType.DELETE || type === ChangeSetType.DELETE_EARLY;
}
