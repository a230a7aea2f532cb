import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Writes on the database that it is production's, for good: whoever is connected to it from elsewhere, in whatever
 * environment, finds it there.
 */
export async function markAsProduction(entityManager: EntityManager): Promise<void> {
  await entityManager.execute(
    'insert into catalog.installation (production_since) values (now()) on conflict do nothing',
  );
}

/** What a database says of itself. */
export interface InstallationState {
  /** The database's name. */
  readonly database: string;
  /** Whether it has ever been migrated in production. */
  readonly isProduction: boolean;
}

/** Reads it, in the operator's scope. */
export async function readInstallation(entityManager: EntityManager): Promise<InstallationState> {
  const [row] = await entityManager.execute<[InstallationState]>(
    `select current_database() as database,
       exists (select from catalog.installation where production_since is not null) as "isProduction"`,
  );
  return row;
}
