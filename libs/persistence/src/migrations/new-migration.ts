import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Migrator, TSMigrationGenerator } from '@mikro-orm/migrations';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { DatabaseConfig } from '@tenantry/platform';
import { migrationLists } from './migration-lists.ts';
import type { MigrationListName } from './schema-migration.ts';
import { withScratchDatabase } from './scratch-database.ts';

/** The formatter's line, with its line break. */
const LINE = 101;

/** The statements that would bring the tables to where the mapping is, and those that would bring them back. */
export interface SchemaDifference {
  readonly up: string;
  readonly down: string;
}

/** What the migrations of a list lack to agree with the mapping: both parts are empty when they agree. */
export function schemaDifference(
  list: MigrationListName,
  ownerUrl: string,
  config: DatabaseConfig,
): Promise<SchemaDifference> {
  return withScratchDatabase(list, ownerUrl, config, (orm) =>
    orm.schema.getUpdateSchemaMigrationSQL({ wrap: false }),
  );
}

/**
 * Writes a migration with what the mapping has and the migrations of the list have not, and lists it. Its SQL is a
 * draft: someone reads it, and says whether it expands or contracts.
 * @param sources where migrations are written, and which there are already
 * @returns the path of the file; `null` when there is nothing to migrate
 */
export function createMigration(
  list: MigrationListName,
  name: string,
  ownerUrl: string,
  config: DatabaseConfig,
  sources = { directory: import.meta.dirname, lists: migrationLists },
): Promise<string | null> {
  const directory = join(sources.directory, list);
  const write = async (orm: MikroORM): Promise<string | null> => {
    const migrations = orm.config.get('migrations');
    orm.config.set('migrations', {
      ...migrations,
      path: directory,
      pathTs: directory,
      generator: SourceGenerator,
      fileName: (timestamp, title) => `${timestamp}-${title ?? ''}`,
    });
    const { fileName } = await new Migrator(orm.em.fork()).create(directory, false, false, name);
    if (fileName === '') {
      return null;
    }
    await writeList(directory, list);
    return join(directory, fileName);
  };
  return withScratchDatabase(list, ownerUrl, config, write, sources.lists);
}

/** Writes migrations as this project has them. */
class SourceGenerator extends TSMigrationGenerator {
  override createStatement(sql: string, indent: number): string {
    const line = super.createStatement(sql, indent);
    if (line.length <= LINE) {
      return line;
    }
    const margin = ' '.repeat(indent);
    return line.replace('addSql(', `addSql(\n${margin}  `).replace(/\);\n$/, `,\n${margin});\n`);
  }

  override generateMigrationFile(
    className: string,
    { up, down }: { up: string[]; down: string[] },
  ): string {
    const [, title = className] = /^Migration\d+_(.*)$/.exec(className) ?? [];
    return `import { SchemaMigration } from '../schema-migration.ts';

export class ${classNameOf(title)} extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
${up.map((sql) => this.createStatement(sql, 4)).join('')}  }

  override down(): void {
${down.map((sql) => this.createStatement(sql, 4)).join('')}  }
}
`;
  }
}

/** Lists the migrations that are in the folder: the names of the files sort as they are to be applied. */
async function writeList(directory: string, list: MigrationListName): Promise<void> {
  const files = (await readdir(directory)).filter((file) => /^\d{14}-.*\.ts$/.test(file)).sort();
  const names = files.map((file) => basename(file, '.ts'));
  const imports = names.map((name) => `import { ${classOf(name)} } from './${name}.ts';\n`);
  const entries = names.map((name) => `  { name: '${name}', class: ${classOf(name)} },\n`);
  await writeFile(
    join(directory, 'list.ts'),
    `import type { ListedMigration } from '../schema-migration.ts';
${imports.join('')}
export const ${list}Migrations: readonly ListedMigration[] = [
${entries.join('')}];
`,
  );
}

function classOf(name: string): string {
  return classNameOf(name.replace(/^\d+-/, ''));
}

function classNameOf(title: string): string {
  return title
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
