import type { MikroORM } from '@mikro-orm/postgresql';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { Backfill, type BackfillSettings } from '../migrations/backfill.ts';
import { FleetMigrator } from '../migrations/fleet-migrator.ts';
import { migrationLists } from '../migrations/migration-lists.ts';
import { type ListedMigration, SchemaMigration } from '../migrations/schema-migration.ts';

/** For four placements at once. */
export const CONNECTIONS = 6;

/** A migration that runs these statements. */
export function migration(name: string, ...statements: string[]): ListedMigration {
  return { name, class: withStatements(statements, true) };
}

/** One that is not in a transaction. */
export function concurrently(name: string, ...statements: string[]): ListedMigration {
  return { name, class: withStatements(statements, false) };
}

/** One that fills rows of `note` in. */
export function backfill(
  name: string,
  {
    set,
    where,
    batchSize = 10,
    pauseMs = 1,
  }: Partial<BackfillSettings> & Pick<BackfillSettings, 'set' | 'where'>,
): ListedMigration {
  return {
    name,
    class: class extends Backfill {
      override readonly table = 'note';
      override readonly set = set;
      override readonly where = where;
      override readonly batchSize = batchSize;
      override readonly pauseMs = pauseMs;
    },
  };
}

/** One that takes away what is not needed any more since another one. */
export function contract(
  name: string,
  completes: string | null,
  ...statements: string[]
): ListedMigration {
  return {
    name,
    class: class extends SchemaMigration {
      override readonly kind = 'contract';
      override readonly completes = completes;

      override up(): void {
        for (const statement of statements) {
          this.addSql(statement);
        }
      }
    },
  };
}

function withStatements(
  statements: readonly string[],
  isTransactional: boolean,
): ListedMigration['class'] {
  return class extends SchemaMigration {
    override readonly kind = 'expand';

    override isTransactional(): boolean {
      return isTransactional;
    }

    override up(): void {
      for (const statement of statements) {
        this.addSql(statement);
      }
    }
  };
}

/** Migrations of a fleet's first days. */
export const one = migration('1-one', 'create table note (tenant_id uuid primary key)');

/** An empty database for each test, and fleets with migrations of its own. */
export class Fleets {
  private database!: TestDatabase;
  config!: MigratorConfig;
  owner!: MikroORM;

  async start(): Promise<void> {
    this.database = await createEmptyDatabase();
    this.config = readMigratorConfig({ ...this.database.address });
    this.owner = createOwnerOrm(this.config.ownerUrl, this.config.database, CONNECTIONS);
  }

  async stop(): Promise<void> {
    await this.owner.close();
    await this.database.drop();
  }

  get address(): TestDatabase['address'] {
    return this.database.address;
  }

  readonly fleet = (tenant: readonly ListedMigration[], orm = this.owner): FleetMigrator =>
    new FleetMigrator(orm, this.config.database, { ...migrationLists, tenant });

  readonly query = <Rows extends object[]>(
    sql: string,
    parameters: unknown[] = [],
  ): Promise<Rows> => this.owner.em.fork().execute<Rows>(sql, parameters);

  /** A fleet where these have been applied: the shared placement, and so many others. */
  readonly fleetOf = async (count: number, applied = [one]): Promise<readonly string[]> => {
    await this.fleet(applied).migrate();
    await this.addPlacements(count);
    await this.fleet(applied).migrate();
    return [...namesUpTo(count), 'shared'];
  };

  readonly addPlacements = (count: number): Promise<unknown> =>
    this.query(
      `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
       select gen_random_uuid(), now(), now(), 'schema', name from jsonb_array_elements_text(?::jsonb) name`,
      [JSON.stringify(namesUpTo(count))],
    );

  /** A connection of the owner's. */
  readonly session = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: this.config.ownerUrl });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
}

function namesUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `t_${String(index).padStart(3, '0')}`);
}

/** In each test of the file. */
export function useFleets(): Fleets {
  const fleets = new Fleets();
  beforeEach(() => fleets.start());
  afterEach(() => fleets.stop());
  return fleets;
}
