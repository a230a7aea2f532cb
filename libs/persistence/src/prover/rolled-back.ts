import type { EntityManager } from '@mikro-orm/postgresql';

/** Does the work in a transaction, or a savepoint, and takes back all that it did to the database. */
export async function rolledBack<Result>(
  entityManager: EntityManager,
  work: (transaction: EntityManager) => Promise<Result>,
): Promise<Result> {
  const outcomes: Result[] = [];
  const done = new Error('It has been done, and is taken back.');
  try {
    await entityManager.transactional(async (transaction) => {
      outcomes.push(await work(transaction));
      throw done;
    });
  } catch (error) {
    if (error !== done) {
      throw error;
    }
  }
  const [outcome] = outcomes;
  return outcome as Result;
}
