import { MikroORM } from '@mikro-orm/postgresql';
import { type CompiledLists, compile } from './compiled-migration.ts';
import { migrationLists } from './migration-lists.ts';
import type { MigrationLists } from './schema-migration.ts';

/** Gives the SQL of migrations where there is no database, as on the machine that lints them. */
export async function compileWithoutServer(
  lists: MigrationLists = migrationLists,
): Promise<CompiledLists> {
  const orm = new MikroORM({
    dbName: 'none',
    entities: [],
    discovery: { warnWhenNoEntities: false },
    contextName: 'lint',
  });
  return compile(orm, lists);
}
