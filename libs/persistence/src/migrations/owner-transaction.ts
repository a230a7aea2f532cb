import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { ROLES } from '../roles.ts';
import { lock } from './advisory-lock.ts';

/** How long a placement is waited for that someone else is busy with. */
const PATIENCE_MS = 10_000;

/**
 * One transaction as the owner, in the schema of a placement or of the catalog, with its lock.
 * @param orm the owner's
 */
export function asOwnerOf<Result>(
  orm: MikroORM,
  schema: string,
  work: (transaction: EntityManager) => Promise<Result>,
): Promise<Result> {
  const entityManager = orm.em.fork({
    session: { variables: { role: ROLES.owner, search_path: `"${schema}", pg_temp` } },
  });
  return entityManager.transactional(async (transaction) => {
    await lock(transaction, `placement ${schema}`, PATIENCE_MS);
    return work(transaction);
  });
}

/**
 * One transaction as the owner that is rolled back, with whatever was made in it to be looked at.
 * @param orm the owner's
 */
export async function asOwnerUncommitted<Result>(
  orm: MikroORM,
  work: (transaction: EntityManager) => Promise<Result>,
): Promise<Result> {
  const entityManager = orm.em.fork({ session: { variables: { role: ROLES.owner } } });
  await entityManager.begin();
  try {
    return await work(entityManager);
  } finally {
    await entityManager.rollback();
  }
}
