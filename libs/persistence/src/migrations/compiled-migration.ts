import { createHash } from 'node:crypto';
import { Migration } from '@mikro-orm/migrations';
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
  const compileAll = (list: readonly ListedMigration[]): Promise<CompiledMigration[]> =>
    Promise.all(list.map((listed) => compileOne(orm, listed)));
  return { catalog: await compileAll(lists.catalog), tenant: await compileAll(lists.tenant) };
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
  return {
    name,
    kind: migration.kind,
    up,
    down: canBeTakenBack(migration) ? await statementsOf('down') : null,
    checksum: createHash('sha256').update(up.join('\n;\n')).digest('hex'),
  };
}

function canBeTakenBack(migration: SchemaMigration): boolean {
  return Reflect.get(migration, 'down') !== Reflect.get(Migration.prototype, 'down');
}
