import type { EntityManager } from '@mikro-orm/core';
import { Seeder } from '@mikro-orm/seeder';
import type { Slug } from '@tenantry/domain';
import type { TransactionalOptions } from '@tenantry/persistence';
import type { SeedProfile } from '@tenantry/platform';

/** What a run seeds: one of the profiles, or what has been read from a file. */
export type SeedRunProfile = SeedProfile | 'import';

/** How many items of a seeder were missing, differed, were as they should be, and were left as people have made them. */
export interface SeedCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly kept: number;
}

/** By natural key, the checksum of each item as it was left. */
export type ItemChecksums = Readonly<Record<string, string>>;

/** What a seeder is asked to do. */
export interface SeedTask {
  /** `catalog`, or the slug of a tenant. */
  readonly target: string;
  /** What it left there the last time. */
  readonly items: ItemChecksums;
  /** Whether what people have changed or removed is made again what it was. */
  readonly overwrite: boolean;
}

/** What a seeder has done. */
export interface SeedResult {
  readonly counts: SeedCounts;
  /** For the next time. */
  readonly items: ItemChecksums;
}

/**
 * Puts data in that should be there, into the catalog or into one tenant after the other. It may be run again at any time. It
 * runs in a transaction of the scope that its data belongs to, through the same repositories as the application.
 */
export abstract class BaseSeeder extends Seeder<SeedTask & Record<string, unknown>> {
  /** What the ledger knows it by: never changed. */
  abstract readonly name: string;
  /** Whether it is run once, in the operator's scope, or once for each tenant, in the tenant's. */
  abstract readonly scope: 'catalog' | 'tenant';
  /** The profiles that it is a part of. What is a part of `reference` belongs to every installation. */
  abstract readonly profiles: readonly SeedRunProfile[];
  /** The names of those that come before it. */
  readonly dependsOn: readonly string[] = [];
  /** Another one has it applied again though its data is the same. */
  readonly version: number = 1;
  /** Of the catalog's: the tenants that it makes, which a fresh start takes away. */
  readonly tenants: readonly Slug[] = [];
  /** Other time limits than those of the configuration, where it takes longer than what the application does. */
  readonly timeouts: TransactionalOptions['timeouts'];

  /** How many items it has for a target; with none it is not run there. */
  abstract size(target: string): number;

  /** Of its data for a target: when it differs from the last time, it is applied again. */
  abstract checksum(target: string): string;

  /** Adds what is missing, and changes what has changed. */
  abstract seed(entityManager: EntityManager, task: SeedTask): Promise<SeedResult>;

  /** Removes everything of its kind in the scope, whoever made it. */
  abstract truncate(entityManager: EntityManager): Promise<void>;

  override async run(entityManager: EntityManager, task?: SeedTask): Promise<void> {
    await this.seed(entityManager, task ?? { target: 'catalog', items: {}, overwrite: false });
  }
}
