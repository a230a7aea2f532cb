import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { DatabaseConfig, MigratorConfig } from '@tenantry/platform';
import { connect } from '../connection/connect.ts';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { roleOfPlacement, ROLES } from '../roles.ts';
import { lock } from './advisory-lock.ts';
import { asOwnerOf } from './owner-transaction.ts';
import { CATALOG, type Target, type TargetPlan } from './fleet-plan.ts';
import { readFleetStatus } from './fleet-status.ts';
import { readApplied, recordApplied, recordRolledBack } from './ledger.ts';
import { CommitInterrupted } from '../unit-of-work/transaction-errors.ts';
import { migrationLists } from './migration-lists.ts';
import type {
  ListedMigration,
  MigrationListName,
  MigrationLists,
  SchemaMigration,
} from './schema-migration.ts';
import { preparePlacement, prepareServer } from './server-roles.ts';

/** What became of one target in a run. */
export type Outcome = { readonly target: string; readonly durationMs: number } & (
  | { readonly status: 'migrated' | 'rolled-back'; readonly migrations: readonly string[] }
  | { readonly status: 'up-to-date' }
  | { readonly status: 'failed'; readonly error: Error }
);

/**
 * Brings the catalog and all placements to the newest version. It alone runs DDL, as the owner of all tables. Each target
 * has a transaction of its own, which takes the target's lock and writes the ledger too: a target is at a version or it
 * is not, whatever becomes of this process.
 */
export class FleetMigrator {
  /** @param orm the owner's, see `createOwnerOrm` */
  constructor(
    private readonly orm: MikroORM,
    private readonly app: Pick<DatabaseConfig, 'url'>,
    private readonly lists: MigrationLists = migrationLists,
  ) {}

  /**
   * One run over the whole fleet. A placement that fails does not keep the others from being migrated.
   * @throws {LockTaken} while another run is under way
   * @throws whatever made the catalog fail: without it there is no fleet
   */
  async migrate(): Promise<readonly Outcome[]> {
    return this.exclusively(async () => {
      await prepareServer(this.orm, this.app.url);
      const catalog = await this.applyPending(CATALOG);
      const placements = (await this.status()).filter(({ list }) => list === 'tenant');
      const outcomes: Outcome[] = [catalog];
      for (const placement of placements) {
        outcomes.push(await this.outcomeOf(placement, () => this.applyPending(placement)));
      }
      return outcomes;
    });
  }

  /** Brings one placement to the newest version, making its schema when it is not there. */
  async migratePlacement(schema: string): Promise<Outcome> {
    return this.applyPending({ name: schema, list: 'tenant' });
  }

  /** Makes the role of one placement, unless it is there. */
  async makeRole(schema: string): Promise<void> {
    await preparePlacement(this.orm, this.app.url, schema);
  }

  /** Makes the schema of one placement, unless it is there, and nothing in it. */
  async makeSchema(schema: string): Promise<void> {
    await this.inTarget({ name: schema, list: 'tenant' }, (transaction) =>
      makeSchema(transaction, schema),
    );
  }

  /** Where every target is, by one query, which changes nothing. */
  status(): Promise<readonly TargetPlan[]> {
    return readFleetStatus(this.orm.em.fork(), this.lists);
  }

  /**
   * Takes back the newest migration of a list, wherever it has been applied.
   * @throws {LockTaken} while another run is under way
   */
  async rollback(list: MigrationListName): Promise<readonly Outcome[]> {
    return this.exclusively(async () => {
      const targets = (await this.status()).filter((target) => target.list === list);
      const newest = this.lists[list].findLast(({ name }) =>
        targets.some(({ applied }) => applied.includes(name)),
      )?.name;
      const outcomes: Outcome[] = [];
      for (const target of targets) {
        if (newest !== undefined && target.applied.includes(newest)) {
          outcomes.push(await this.outcomeOf(target, () => this.revert(target, newest)));
        }
      }
      return outcomes;
    });
  }

  private async outcomeOf(target: Target, work: () => Promise<Outcome>): Promise<Outcome> {
    const start = Date.now();
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      return {
        target: target.name,
        status: 'failed',
        error: reason,
        durationMs: Date.now() - start,
      };
    }
  }

  private async applyPending(target: Target): Promise<Outcome> {
    const start = Date.now();
    if (target.list === 'tenant') {
      await preparePlacement(this.orm, this.app.url, target.name);
    }
    const migrations = new Set<string>();
    await this.inTarget(target, async (transaction) => {
      await makeSchema(transaction, target.name);
      const applied = await readApplied(transaction, target.name);
      for (const migration of this.lists[target.list]) {
        if (!applied.includes(migration.name)) {
          await this.execute(transaction, migration, 'up');
          await recordApplied(transaction, target.name, migration.name);
          migrations.add(migration.name);
        }
      }
      if (target.list === 'tenant') {
        await grantPlacement(transaction, target.name);
      }
    });
    const durationMs = Date.now() - start;
    return migrations.size > 0
      ? { target: target.name, status: 'migrated', migrations: [...migrations], durationMs }
      : { target: target.name, status: 'up-to-date', durationMs };
  }

  private async revert(target: Target, name: string): Promise<Outcome> {
    const start = Date.now();
    const listed = this.lists[target.list].find((migration) => migration.name === name);
    if (!listed || (target.list === 'catalog' && listed === this.lists.catalog[0])) {
      throw new Error(
        `${name} cannot be rolled back: it made the ledger itself. Drop the database.`,
      );
    }
    await this.inTarget(target, async (transaction) => {
      if ((await readApplied(transaction, target.name)).includes(name)) {
        await this.execute(transaction, listed, 'down');
        await recordRolledBack(transaction, target.name, name);
      }
    });
    const durationMs = Date.now() - start;
    return { target: target.name, status: 'rolled-back', migrations: [name], durationMs };
  }

  private async execute(
    transaction: EntityManager,
    listed: ListedMigration,
    direction: 'up' | 'down',
  ): Promise<void> {
    const migration: SchemaMigration = new listed.class(this.orm.driver, this.orm.config);
    await migration[direction]();
    for (const statement of migration.getQueries()) {
      await transaction.execute(statement);
    }
  }

  /**
   * In the target's transaction. When the reply to its COMMIT is lost `work` is done again, and goes by the ledger: that says
   * what became of it, once the target's lock is free.
   */
  private async inTarget(
    { name }: Target,
    work: (transaction: EntityManager) => Promise<void>,
  ): Promise<void> {
    try {
      await asOwnerOf(this.orm, name, work);
    } catch (error) {
      if (!(error instanceof CommitInterrupted)) {
        throw error;
      }
      await asOwnerOf(this.orm, name, work);
    }
  }

  /** Holds the lock of the fleet meanwhile, in a transaction that does nothing else: it ends with this process. */
  private exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const entityManager = this.orm.em.fork({
      session: { variables: { idle_in_transaction_session_timeout: '0' } },
    });
    return entityManager.transactional(async (transaction) => {
      await lock(transaction, 'the fleet', 0);
      return work();
    });
  }
}

/** Gives `work` a fleet migrator, connected as the owner meanwhile. */
export async function withFleet<Result>(
  { ownerUrl, database }: MigratorConfig,
  work: (fleet: FleetMigrator) => Promise<Result>,
): Promise<Result> {
  const orm = createOwnerOrm(ownerUrl, database);
  try {
    await connect(orm, ownerUrl, database.connectRetries);
    return await work(new FleetMigrator(orm, database));
  } finally {
    await orm.close();
  }
}

async function makeSchema(transaction: EntityManager, schema: string): Promise<void> {
  await transaction.execute(`create schema if not exists "${schema}"`);
}

/** Lets the placement's role use its tables, those of later migrations too, and nobody else. */
async function grantPlacement(transaction: EntityManager, schema: string): Promise<void> {
  const role = `"${roleOfPlacement(schema)}"`;
  // Up to version 20261122120000 one role was for all placements.
  await transaction.execute(`revoke all on all tables in schema "${schema}" from ${ROLES.tenant}`);
  await transaction.execute(`revoke all on schema "${schema}" from ${ROLES.tenant}`);
  await transaction.execute(`grant usage on schema "${schema}" to ${role}, ${ROLES.relay}`);
  await transaction.execute(
    `grant select, insert, update, delete on all tables in schema "${schema}" to ${role}`,
  );
}
