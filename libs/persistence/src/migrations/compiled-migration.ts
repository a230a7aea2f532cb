import { createHash } from 'node:crypto';
import { Migration } from '@mikro-orm/migrations';
import { Backfill, type BackfillSettings } from './backfill.ts';
import { concurrentIndexOf, withoutConcurrently } from './concurrent-index.ts';
import type {
  ListedMigration,
  MigrationListName,
  MigrationLists,
  SchemaMigration,
} from './schema-migration.ts';

/** A migration as what is sent to the server: it is the same for every placement. */
export interface CompiledMigration {
  readonly name: string;
  readonly kind: SchemaMigration['kind'];
  /** The expand that a contract completes; `null` for an expand. */
  readonly completes: string | null;
  /** Whether it is done in one transaction with what is beside it; else it builds or removes indexes, or fills rows in. */
  readonly isTransactional: boolean;
  readonly backfill: BackfillSettings | null;
  readonly accepts: SchemaMigration['accepts'];
  readonly up: readonly string[];
  /** `null` when it cannot be taken back. */
  readonly down: readonly string[] | null;
  /** SHA-256 of `up`, as hexadecimal digits; the same whichever way lines end. */
  readonly checksum: string;
}

export type CompiledLists = Readonly<Record<MigrationListName, readonly CompiledMigration[]>>;

/** What migrations are made with. */
interface Toolkit {
  readonly driver: ConstructorParameters<typeof Migration>[0];
  readonly config: ConstructorParameters<typeof Migration>[1];
}

/** Nothing is asked of the server. */
export async function compile(orm: Toolkit, lists: MigrationLists): Promise<CompiledLists> {
  const catalog = await compileList(orm, lists.catalog);
  const filling = catalog.find(({ backfill }) => backfill !== null);
  if (filling) {
    throw new Error(
      `${filling.name} of the catalog is a backfill, which goes from tenant to tenant. Fill rows of the catalog in by the SQL of a migration.`,
    );
  }
  return { catalog, tenant: await compileList(orm, lists.tenant) };
}

/** Nothing is asked of the server. */
export async function compileList(
  orm: Toolkit,
  list: readonly ListedMigration[],
): Promise<readonly CompiledMigration[]> {
  const compiled = await Promise.all(list.map((listed) => compileOne(orm, listed)));
  compiled.forEach((migration, index) => {
    mustCompleteAnExpand(migration, compiled.slice(0, index));
  });
  return compiled;
}

function mustCompleteAnExpand(
  { name, kind, completes }: CompiledMigration,
  before: readonly CompiledMigration[],
): void {
  const expands = before.filter((migration) => migration.kind === 'expand');
  const isSaid = expands.some((migration) => migration.name === completes);
  if (kind === 'contract' ? !isSaid : completes !== null) {
    throw new Error(
      `The migration ${name} is marked ${kind}, so \`completes\` has to ${kind === 'contract' ? 'name the expand before it that made the new shape' : 'be null'}.`,
    );
  }
}

async function compileOne(
  orm: Toolkit,
  { name, class: Listed }: ListedMigration,
): Promise<CompiledMigration> {
  const migration = new Listed(orm.driver, orm.config);
  const statementsOf = async (direction: 'up' | 'down'): Promise<readonly string[]> => {
    migration.reset();
    await migration[direction]();
    return migration.getQueries().map((query) => {
      if (typeof query !== 'string') {
        throw new Error(`The migration ${name} has a query that is no text. Give addSql() SQL.`);
      }
      return query.replaceAll('\r\n', '\n').trim();
    });
  };
  const up = await statementsOf('up');
  const down = canBeTakenBack(migration) ? await statementsOf('down') : null;
  const isTransactional = migration.isTransactional();
  const backfill = migration instanceof Backfill ? settingsOf(name, migration, up) : null;
  if (!isTransactional && !backfill) {
    mustBeRepeatable(name, [...up, ...(down ?? [])]);
  }
  return {
    name,
    kind: migration.kind,
    completes: migration.completes,
    isTransactional,
    backfill,
    accepts: migration.accepts,
    up,
    down,
    checksum: createHash('sha256').update(up.join('\n;\n')).digest('hex'),
  };
}

function settingsOf(
  name: string,
  { table, set, where, batchSize, pauseMs }: Backfill,
  up: readonly string[],
): BackfillSettings {
  if (up.length !== 1) {
    throw new Error(`The backfill ${name} can do nothing else. Put it into another migration.`);
  }
  if (!Number.isInteger(batchSize) || batchSize < 1 || !(pauseMs >= 0)) {
    throw new Error(
      `The backfill ${name} has to have a batchSize of at least 1 and a pauseMs of at least 0.`,
    );
  }
  return { table, set, where, batchSize, pauseMs };
}

/** What is not in a transaction may be interrupted in the middle, and has to be put right by being done again. */
function mustBeRepeatable(name: string, statements: readonly string[]): void {
  const other = statements.find((statement) => concurrentIndexOf(statement) === null);
  if (other !== undefined) {
    throw new Error(
      `The migration ${name} is not transactional, so it can only create indexes concurrently, by name, and drop them. Put this into another migration: ${other}`,
    );
  }
}

function canBeTakenBack(migration: SchemaMigration): boolean {
  return Reflect.get(migration, 'down') !== Reflect.get(Migration.prototype, 'down');
}

/** What a migration does where nobody is in the way yet: in one transaction with whatever else is done there. */
export function asTransaction(
  { isTransactional }: Pick<CompiledMigration, 'isTransactional'>,
  statements: readonly string[],
): readonly string[] {
  return isTransactional ? statements : statements.map(withoutConcurrently);
}
