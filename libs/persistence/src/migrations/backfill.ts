import { SchemaMigration } from './schema-migration.ts';

/** What is to be filled in, and how. */
export interface BackfillSettings {
  /** A table of placements, with the primary key `(tenant_id, id)`. */
  readonly table: string;
  /** What `update … set` has behind it. */
  readonly set: string;
  /** Which rows are to be changed: afterwards it must not be true of them any more. */
  readonly where: string;
  /** How many rows are changed in one transaction, all of one tenant. */
  readonly batchSize: number;
  /** What is left to others between two of them (milliseconds). */
  readonly pauseMs: number;
}

/**
 * Fills in what rows lack, while they are being used: in batches, each a transaction of its own that says how far it has come.
 * What is interrupted goes on from there. It comes after the build that writes what it fills in has been rolled out, so that
 * no row is missed; rows that were written behind it are found by another pass.
 *
 * In a placement that is new it is a part of the one transaction.
 */
export abstract class Backfill extends SchemaMigration implements BackfillSettings {
  override readonly kind = 'expand';
  abstract readonly table: string;
  abstract readonly set: string;
  abstract readonly where: string;
  readonly batchSize: number = 1_000;
  readonly pauseMs: number = 20;

  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql(`update "${this.table}" set ${this.set} where ${this.where}`);
  }

  /** What was filled in stays. */
  override down(): void {
    // Nothing is to be done.
  }
}
