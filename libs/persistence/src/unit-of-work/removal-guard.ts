import {
  type EntityMetadata,
  type EventArgs,
  type EventSubscriber,
  helper,
  LockMode,
  OptimisticLockError,
} from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';

/** Refuses to delete what others have changed: MikroORM compares versions when it updates, and not when it deletes. */
export class RemovalGuard implements EventSubscriber {
  async beforeDelete({ entity, em, meta }: EventArgs<object>): Promise<void> {
    const { versionProperty } = meta as EntityMetadata;
    if (!versionProperty) {
      return;
    }
    const known: Record<string, unknown> = helper(entity).__originalEntityData ?? {};
    const names = [...meta.primaryKeys, versionProperty];
    const found = (em as EntityManager)
      .createQueryBuilder(meta.class)
      .select(meta.primaryKeys)
      .where(Object.fromEntries(names.map((name) => [name, known[name]])) as never)
      .setLockMode(LockMode.PESSIMISTIC_WRITE);
    await found.applyFilters();
    if ((await found.execute('all')).length === 0) {
      throw OptimisticLockError.lockFailed(entity);
    }
  }
}
