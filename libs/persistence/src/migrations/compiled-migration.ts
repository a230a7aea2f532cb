import { createHash } from 'node:crypto';
import { Migration } from '@mikro-orm/migrations';
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
  /** Whether it is done in one transaction with what is beside it; else it builds or removes indexes concurrently. */
  readonly isTransactional: boolean;
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
  return {
    catalog: await compileList(orm, lists.catalog),
    tenant: await compileList(orm, lists.tenant),
  };
}

/** Nothing is asked of the server. */
export function compileList(
  orm: Toolkit,
  list: readonly ListedMigration[],
): Promise<readonly CompiledMigration[]> {
  return Promise.all(list.map((listed) => compileOne(orm, listed)));
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
  if (!isTransactional) {
    mustBeRepeatable(name, [...up, ...(down ?? [])]);
  }
  return {
    name,
    kind: migration.kind,
    isTransactional,
    up,
    down,
    checksum: createHash('sha256').update(up.join('\n;\n')).digest('hex'),
  };
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
