import { randomBytes } from 'node:crypto';
import { MikroORM } from '@mikro-orm/postgresql';
import type { DatabaseConfig } from '@tenantry/platform';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { ormOptions } from '../connection/orm.ts';
import { catalogMappings, tenantMappings } from '../mapping/mappings.ts';
import { migrationLists } from './migration-lists.ts';
import { asTransaction, compileList } from './compiled-migration.ts';
import type { ListedMigration, MigrationListName, MigrationLists } from './schema-migration.ts';
import { prepareServer } from './server-roles.ts';

const MAPPINGS = { catalog: catalogMappings, tenant: tenantMappings };

/**
 * Gives `work` an ORM that maps one list's tables, on a new database where the migrations of that list have been applied:
 * what its schema generator finds different is what the migrations lack. The database is removed afterwards.
 *
 * Only for a process (or a spec file) of its own: MikroORM keeps metadata on the classes themselves, and here the tables
 * of placements are mapped to one schema.
 */
export async function withScratchDatabase<Result>(
  list: MigrationListName,
  ownerUrl: string,
  config: DatabaseConfig,
  work: (orm: MikroORM) => Promise<Result>,
  lists: MigrationLists = migrationLists,
): Promise<Result> {
  const name = `tenantry_scratch_${randomBytes(4).toString('hex')}`;
  const owner = createOwnerOrm(ownerUrl, config);
  try {
    await prepareServer(owner, config.url);
    await owner.em.fork().execute(`create database "${name}"`);
    try {
      return await withMappingOf(list, databaseUrl(ownerUrl, name), config, work, lists[list]);
    } finally {
      await owner.em.fork().execute(`drop database "${name}" with (force)`);
    }
  } finally {
    await owner.close();
  }
}

async function withMappingOf<Result>(
  list: MigrationListName,
  url: string,
  config: DatabaseConfig,
  work: (orm: MikroORM) => Promise<Result>,
  migrations: readonly ListedMigration[],
): Promise<Result> {
  const orm = new MikroORM({
    ...ormOptions(url, config),
    entities: MAPPINGS[list],
    contextName: 'scratch',
    migrations: { snapshot: false },
    discovery: {
      // With a wildcard schema the generator does not see what is there already, and would make everything anew.
      onMetadata: (meta) => {
        if (meta.schema === '*') {
          delete meta.schema;
        }
      },
    },
  });
  try {
    await orm.em.fork().transactional(async (transaction) => {
      for (const migration of await compileList(orm, migrations)) {
        for (const statement of asTransaction(migration, migration.up)) {
          await transaction.execute(statement);
        }
      }
    });
    return await work(orm);
  } finally {
    await orm.close();
  }
}

function databaseUrl(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}
