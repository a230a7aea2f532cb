import { type EntityManager, helper, TransactionManager, Utils } from '@mikro-orm/core';
import { EntityOfAnotherUnitOfWork } from './transaction-errors.ts';

/** The entities of an entity manager that differ from what is stored, as far as it knows. */
export function changedIn(entityManager: EntityManager): ReadonlySet<object> {
  const entities = entityManager.getUnitOfWork(false).getIdentityMap();
  return new Set([...entities].filter((entity) => isChanged(entityManager, entity as object)));
}

function isChanged(entityManager: EntityManager, entity: object): boolean {
  const { __initialized, __meta, __originalEntityData: stored } = helper(entity);
  if (!__initialized || !stored) {
    return false;
  }
  const comparator = entityManager.getComparator();
  const now = comparator.prepareEntity(entity);
  return (
    Utils.hasObjectKeys(comparator.diffEntities(__meta.class, stored, now)) ||
    __meta.relations.some(({ name }) => {
      const related = (entity as Record<string, unknown>)[name];
      return Utils.isCollection(related) && related.isDirty();
    })
  );
}

/**
 * What belongs to the entity manager around a unit of work is not stored by that, so it must not be changed in it.
 * @param before those that were changed before
 * @throws {EntityOfAnotherUnitOfWork}
 */
export function mustHaveChangedNothingElse(
  outer: EntityManager,
  before: ReadonlySet<object>,
): void {
  for (const entity of changedIn(outer)) {
    if (!before.has(entity)) {
      throw new EntityOfAnotherUnitOfWork(helper(entity).__meta.className);
    }
  }
}

/** Gives an entity manager what one within it has read and stored, in the same transaction. */
export function handOver(
  inner: EntityManager,
  outer: EntityManager,
  removed: readonly object[],
): void {
  const manager = new TransactionManager(outer) as unknown as {
    // Private, and the one place that knows how to do this.
    mergeEntitiesToParent(inner: EntityManager, outer: EntityManager): void;
  };
  manager.mergeEntitiesToParent(inner, outer);
  for (const entity of removed) {
    outer.getUnitOfWork(false).unsetIdentity(entity);
  }
}

/**
 * Freezes what an entity manager has left behind: a later change of it would be stored by nobody, and fails at once.
 * @param written what was to be stored as well
 * @param heir has some of it now
 */
export function freezeEntities(
  entityManager: EntityManager,
  written: Iterable<object> = [],
  heir?: EntityManager,
): void {
  const unitOfWork = entityManager.getUnitOfWork(false);
  const inherited = heir?.getUnitOfWork(false).getIdentityMap();
  for (const entity of [
    ...unitOfWork.getIdentityMap(),
    ...unitOfWork.getPersistStack(),
    ...written,
  ]) {
    if (inherited?.getByEntity(entity) !== entity) {
      Object.freeze(entity);
      // Where MikroORM keeps the values.
      Object.freeze(helper(entity).__data);
    }
  }
}
