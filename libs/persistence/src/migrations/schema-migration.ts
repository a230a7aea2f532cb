import { Migration } from '@mikro-orm/migrations';

/**
 * One step of the schema. Its statements are the same for each placement and name no schema: the search path says which.
 * Once it has landed it is never changed, only followed by another.
 *
 * All that is pending in a placement is one transaction, unless `isTransactional()` gives `false`: such a migration creates or
 * drops indexes with `concurrently`, and nothing else, or it is a `Backfill`. In a placement that is new it is a part of the transaction all the same.
 */
export abstract class SchemaMigration extends Migration {
  /** Whether apps of the version before can go on beside it (`expand`), or must be gone (`contract`). */
  abstract readonly kind: 'expand' | 'contract';

  /** Of a contract: the name of the migration that made the new shape. It has to be everywhere before the old one may go. */
  readonly completes: string | null = null;

  /** Rules of the lint that it breaks, each with the reason why it may. The checksum has nothing to do with them. */
  readonly accepts: Readonly<Record<string, string>> = {};
}

/** A migration under the name that the ledger knows it by; names sort in the order of their making. */
export interface ListedMigration {
  readonly name: string;
  readonly class: new (...parameters: ConstructorParameters<typeof Migration>) => SchemaMigration;
}

/** The catalog has migrations of its own; all placements have the same ones. */
export const MIGRATION_LISTS = ['catalog', 'tenant'] as const;
export type MigrationListName = (typeof MIGRATION_LISTS)[number];
export type MigrationLists = Readonly<Record<MigrationListName, readonly ListedMigration[]>>;
