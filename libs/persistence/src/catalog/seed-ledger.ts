import type { EntityManager } from '@mikro-orm/postgresql';
import { lock } from '../migrations/advisory-lock.ts';

/** How long another seeding of the same target is waited for: a provisioner's of a tenant that is new, say. */
const PATIENCE_MS = 10_000;

/** What the ledger says of a seeder and one of its targets. */
export interface AppliedSeeder {
  readonly version: number;
  /** Of the seeder's data. */
  readonly checksum: string;
}

/** The same, with what it has left there: by natural key, the checksum of each item. */
export interface SeededItems extends AppliedSeeder {
  readonly items: Readonly<Record<string, string>>;
}

/** Which seeders have been applied, by their names. */
export type SeededTarget = ReadonlyMap<string, AppliedSeeder>;

/**
 * The record of what has been seeded where, in the catalog. Its rows are written in the transaction of the data that they
 * record, in its scope: a tenant's see its own.
 */
export class SeedLedger {
  /** @param entityManager of a transaction */
  constructor(private readonly entityManager: EntityManager) {}

  /** Of all targets, by one query; in the operator's scope. */
  async readAll(): Promise<ReadonlyMap<string, SeededTarget>> {
    const rows = await this.entityManager.execute<
      (AppliedSeeder & { target: string; seeder: string })[]
    >('select target, seeder, version, checksum from catalog.seed');
    const all = new Map<string, Map<string, AppliedSeeder>>();
    for (const { target, seeder, version, checksum } of rows) {
      const seeded = all.get(target) ?? new Map<string, AppliedSeeder>();
      all.set(target, seeded.set(seeder, { version, checksum }));
    }
    return all;
  }

  /**
   * Reads one, and keeps everybody else from seeding the target until the end of the transaction.
   * @throws {LockTaken} when someone else has been at it for 10 s
   */
  async readForChange(target: string, seeder: string): Promise<SeededItems | null> {
    await lock(this.entityManager, `seeds of ${target}`, PATIENCE_MS);
    const [row] = await this.entityManager.execute<SeededItems[]>(
      'select version, checksum, items from catalog.seed where target = ? and seeder = ?',
      [target, seeder],
    );
    return row ?? null;
  }

  async write(target: string, seeder: string, seeded: SeededItems): Promise<void> {
    const { version, checksum, items } = seeded;
    await this.entityManager.execute(
      `insert into catalog.seed (target, seeder, version, checksum, items) values (?, ?, ?, ?, ?::jsonb)
       on conflict (target, seeder) do update set version = excluded.version, checksum = excluded.checksum,
         items = excluded.items, applied_at = now()`,
      [target, seeder, version, checksum, JSON.stringify(items)],
    );
  }

  /**
   * Forgets what was seeded there, since it has been removed.
   * @param seeders only these; all of them unless told otherwise
   */
  async forget(target: string, seeders: readonly string[] | null = null): Promise<void> {
    const names = seeders && JSON.stringify(seeders);
    await this.entityManager.execute(
      `delete from catalog.seed where target = ?
         and (?::jsonb is null or seeder in (select jsonb_array_elements_text(?::jsonb)))`,
      [target, names, names],
    );
  }
}
