import { Seeder } from '@mikro-orm/seeder';
import type { EntityManager } from '@mikro-orm/core';

/**
 * Puts data in that should be there. It may be run again at any time: it adds what is missing, by natural key, and
 * leaves what is there as people have made it. It runs in a transaction of the scope that its data belongs to.
 */
export abstract class BaseSeeder extends Seeder {
  /** How many were missing, and have been added. */
  added = 0;

  /** Adds what is missing. */
  abstract seed(entityManager: EntityManager): Promise<void>;

  /** Removes everything of its kind in the scope, whoever made it. */
  abstract truncate(entityManager: EntityManager): Promise<void>;

  override run(entityManager: EntityManager): Promise<void> {
    return this.seed(entityManager);
  }
}
