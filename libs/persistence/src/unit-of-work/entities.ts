import {
  type ChangeSet,
  type EntityManager,
  helper,
  isRaw,
  TransactionManager,
  Utils,
} from '@mikro-orm/core';
import { type DomainEvent, recordedEvents, takeEvents } from '@tenantry/domain';
import { EntityOfAnotherUnitOfWork } from './transaction-errors.ts';
import type { Unit } from './unit.ts';

/** What has been done to an entity and is not stored yet. */
interface Change {
  readonly data: object;
  /** What has happened to it, and which of its collections have changed. */
  readonly traces: readonly unknown[];
}

/** The entities of an entity manager that differ from what is stored, as far as it knows. */
export type Changes = ReadonlyMap<object, Change>;

export function changesIn(entityManager: EntityManager): Changes {
  const changes = new Map<object, Change>();
  for (const entity of entityManager.getUnitOfWork(false).getIdentityMap() as Iterable<object>) {
    const { __initialized, __originalEntityData: stored } = helper(entity);
    const change = __initialized && stored ? changeOf(entityManager, entity) : undefined;
    if (change) {
      changes.set(entity, change);
    }
  }
  return changes;
}

function changeOf(entityManager: EntityManager, entity: object): Change | undefined {
  const { __meta } = helper(entity);
  const data = entityManager.getComparator().prepareEntity(entity);
  const collections = __meta.relations
    .map(({ name }) => (entity as Record<string, unknown>)[name])
    .filter((related) => Utils.isCollection(related) && related.isDirty());
  const traces = [...recordedEvents(entity), ...collections];
  return traces.length > 0 || isDirty(entityManager, entity) ? { data, traces } : undefined;
}

/** Whether it differs from what is stored. */
function isDirty(entityManager: EntityManager, entity: object): boolean {
  const { __initialized, __meta, __originalEntityData: stored } = helper(entity);
  if (!__initialized || !stored) {
    return false;
  }
  const comparator = entityManager.getComparator();
  const now = comparator.prepareEntity(entity);
  return Utils.hasObjectKeys(comparator.diffEntities(__meta.class, stored, now));
}

/**
 * What belongs to the entity manager around a unit of work is not stored by that, so it must not be changed in it.
 * @param before what was changed before
 * @throws {EntityOfAnotherUnitOfWork}
 */
export function mustHaveChangedNothingElse(
  outer: EntityManager,
  before: Changes = new Map(),
): void {
  for (const [entity, { data, traces }] of changesIn(outer)) {
    const { class: type, className } = helper(entity).__meta;
    const known = before.get(entity);
    if (
      known?.traces.length !== traces.length ||
      Utils.hasObjectKeys(outer.getComparator().diffEntities(type, known.data, data))
    ) {
      throw new EntityOfAnotherUnitOfWork(className);
    }
  }
}

/**
 * MikroORM takes for stored what an entity is when its UPDATE has been answered. What was changed meanwhile would be stored by
 * nobody: this makes it a change again.
 */
export function takeForStoredWhatWasWritten(changeSet: ChangeSet<object>): void {
  const { entity, meta } = changeSet;
  const { originalEntity = {}, payload } = changeSet as unknown as Record<string, Values>;
  const stored: Values = helper(entity).__originalEntityData ?? {};
  const properties: Readonly<Record<string, { readonly generated?: unknown }>> = meta.properties;
  for (const [name, value] of Object.entries(stored)) {
    const written = payload && name in payload ? payload[name] : originalEntity[name];
    // What the server makes is not changed by anybody else.
    const isReturned = name === meta.versionProperty || properties[name]?.generated !== undefined;
    if (!isReturned && !Utils.equals(value, written) && !isRaw(written)) {
      stored[name] = written;
    }
  }
}

type Values = Record<string, unknown>;

/** Takes what has happened to those entities that are stored as they are. */
export function takeEventsOf(
  entityManager: EntityManager,
  entities: Iterable<object>,
): ReadonlyMap<object, readonly DomainEvent[]> {
  return new Map(
    [...entities]
      .filter((entity) => recordedEvents(entity).length > 0 && !isDirty(entityManager, entity))
      .map((entity) => [entity, takeEvents(entity)]),
  );
}

/** Gives an entity manager what one within it has read and stored, in the same transaction. */
export async function handOver(
  inner: EntityManager,
  outer: EntityManager,
  { written, removed }: Unit,
): Promise<void> {
  const manager = new TransactionManager(outer) as unknown as {
    // Private, and the one place that knows how to do this.
    mergeEntitiesToParent(inner: EntityManager, outer: EntityManager): void;
  };
  manager.mergeEntitiesToParent(inner, outer);
  makeWhole(inner, outer);
  for (const entity of removed) {
    outer.getUnitOfWork(false).unsetIdentity(entity);
  }
  await readCollectionsAnew(outer, written);
}

/** Those that may have got or lost something by what was written. */
async function readCollectionsAnew(
  entityManager: EntityManager,
  written: ReadonlySet<object>,
): Promise<void> {
  const types = new Set([...written].map((entity) => helper(entity).__meta.class));
  for (const entity of entityManager.getUnitOfWork(false).getIdentityMap() as Iterable<object>) {
    for (const { name, targetMeta } of helper(entity).__meta.relations) {
      const related = (entity as Record<string, unknown>)[name];
      if (
        Utils.isCollection(related) &&
        related.isInitialized() &&
        targetMeta &&
        types.has(targetMeta.class)
      ) {
        await related.init();
      }
    }
  }
}

/**
 * MikroORM gives the entities of the outer one the values of the inner one's, with the relations to the inner one's entities, and
 * leaves those that were references marked as such: they would be stored as a whole, and what is reached by way of them be
 * changed where nobody stores it.
 */
function makeWhole(inner: EntityManager, outer: EntityManager): void {
  const theirs = inner.getUnitOfWork(false).getIdentityMap();
  const own = outer.getUnitOfWork(false).getIdentityMap();
  for (const entity of own as Iterable<object>) {
    const wrapped = helper(entity);
    const merged = theirs.getByEntity(entity);
    wrapped.__initialized ||= merged !== undefined && helper(merged).__initialized;
    const data: Record<string, unknown> = wrapped.__data;
    for (const { name } of wrapped.__meta.relations) {
      const related = data[name];
      const ownRelated = Utils.isEntity(related, true) ? own.getByEntity(related) : undefined;
      if (ownRelated) {
        data[name] = ownRelated;
      }
    }
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
