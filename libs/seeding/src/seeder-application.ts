import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenantry/domain';
import {
  type AppliedSeeder,
  placed,
  SeedLedger,
  TenantContext,
  type TransactionalOptions,
  TransactionalService,
} from '@tenantry/persistence';
import type { BaseSeeder, SeedCounts } from './base.seeder.ts';

const OPERATOR_REASON = 'seed the catalog';
/** What the ledger calls the catalog by. */
export const CATALOG_TARGET = 'catalog';

/** Where something is seeded: a tenant, or the catalog. */
export type SeedTarget = Tenant | typeof CATALOG_TARGET;

export interface ApplyOptions {
  /** Whether it is applied though nothing has changed since the last time. */
  readonly force?: boolean;
  /** Whether what people have changed or removed is made again what it was. */
  readonly overwrite?: boolean;
}

/** What became of one seeder in one target. */
export interface SeederOutcome {
  readonly seeder: string;
  /** `null` when it was skipped: it has been applied before, and is the same. */
  readonly counts: SeedCounts | null;
}

/** What the seeders, and the ledger, call a target by. */
function namesOf(target: SeedTarget): { readonly name: string; readonly key: string } {
  return target === CATALOG_TARGET
    ? { name: CATALOG_TARGET, key: CATALOG_TARGET }
    : { name: target.slug, key: target.id };
}

/** Whether the ledger says that a seeder has been applied as it is now. */
export function isCurrent(
  seeder: BaseSeeder,
  target: string,
  applied: AppliedSeeder | null | undefined,
): boolean {
  return applied?.version === seeder.version && applied.checksum === seeder.checksum(target);
}

/** Applies seeders to targets, each in one transaction of the target's scope, with its row of the ledger. */
@Injectable()
export class SeederApplication {
  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
  ) {}

  /** @throws {LockTaken} when someone else is seeding the same target for long */
  apply(
    seeder: BaseSeeder,
    target: SeedTarget,
    options: ApplyOptions = {},
  ): Promise<SeederOutcome> {
    return this.within(target, [seeder], (transaction) =>
      applyTo(transaction, seeder, target, options),
    );
  }

  /**
   * What {@link apply} would do with several seeders, one after the other: it is done, and undone again.
   * @param removed those that would be truncated before
   */
  async rehearse(
    seeders: readonly BaseSeeder[],
    target: SeedTarget,
    options: ApplyOptions,
    removed: readonly BaseSeeder[],
  ): Promise<readonly SeederOutcome[]> {
    const outcomes: SeederOutcome[] = [];
    const undo = new Error('It was a rehearsal.');
    const rehearsal = this.within(target, seeders, async (transaction) => {
      outcomes.length = 0;
      if (removed.length > 0) {
        await truncateAll(transaction, removed, target);
      }
      for (const seeder of seeders) {
        outcomes.push(await applyTo(transaction, seeder, target, options));
        await transaction.flush();
      }
      throw undo;
    });
    await rehearsal.catch((error: unknown) => {
      if (error !== undo) {
        throw error;
      }
    });
    return outcomes;
  }

  /** Removes everything of the seeders' kind, the last one's first, as a whole. In a tenant that may be others', too. */
  truncate(seeders: readonly BaseSeeder[], target: SeedTarget): Promise<void> {
    return this.within(target, seeders, (transaction) => truncateAll(transaction, seeders, target));
  }

  private within<Result>(
    target: SeedTarget,
    seeders: readonly BaseSeeder[],
    work: (transaction: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const timeouts = Object.assign(
      {},
      ...seeders.map((seeder) => seeder.timeouts),
    ) as TransactionalOptions['timeouts'];
    const run = (): Promise<Result> => this.transactional.run(work, { timeouts });
    return target === CATALOG_TARGET
      ? this.context.runAsOperator(OPERATOR_REASON, run)
      : this.context.run(placed(target), run);
  }
}

async function applyTo(
  transaction: EntityManager,
  seeder: BaseSeeder,
  target: SeedTarget,
  { force = false, overwrite = false }: ApplyOptions,
): Promise<SeederOutcome> {
  const { name: seederName, version } = seeder;
  const { name, key } = namesOf(target);
  const ledger = new SeedLedger(transaction);
  const before = await ledger.readForChange(key, seederName);
  if (isCurrent(seeder, name, before) && !force && !overwrite) {
    return { seeder: seederName, counts: null };
  }
  const { counts, items } = await seeder.seed(transaction, {
    target: name,
    items: before?.items ?? {},
    overwrite,
  });
  await ledger.write(key, seederName, { version, checksum: seeder.checksum(name), items });
  return { seeder: seederName, counts };
}

async function truncateAll(
  transaction: EntityManager,
  seeders: readonly BaseSeeder[],
  target: SeedTarget,
): Promise<void> {
  for (const seeder of seeders.toReversed()) {
    await seeder.truncate(transaction);
  }
  const removed = target === CATALOG_TARGET ? seeders.map(({ name }) => name) : null;
  await new SeedLedger(transaction).forget(namesOf(target).key, removed);
}
