import type { Node } from 'libpg-query';
import type { MigrationListName } from '@tenantry/persistence';
import type { Statement } from '../parsed-migration.ts';
import { as, branches, textsIn } from '../tree.ts';
import { schemasNamedBy } from './named-schemas.ts';
import type { Rule } from './rule.ts';

const OF_THE_SERVER = ['pg_catalog', 'information_schema'];

const ALLOWED: Readonly<Record<MigrationListName, readonly string[]>> = {
  catalog: [...OF_THE_SERVER, 'catalog'],
  tenant: OF_THE_SERVER,
};

/** A migration of placements runs in each of them: the search path says in which. One of the catalog stays there. */
export const hardCodedSchema: Rule = {
  lists: ['catalog', 'tenant'],
  check: ({ list, statements }) =>
    statements.flatMap(({ node, sql }) =>
      [...new Set(schemasNamedBy(node))]
        .filter((schema) => !ALLOWED[list].includes(schema))
        .map((schema) => ({ message: MESSAGES[list](schema), statement: sql })),
    ),
};

const MESSAGES: Readonly<Record<MigrationListName, (schema: string) => string>> = {
  catalog: (schema) => `It names the schema ${schema}: migrations of the catalog name catalog.`,
  tenant: (schema) =>
    `It names the schema ${schema}, and runs in every placement: leave the schema away.`,
};

/** No search path says where the catalog is. */
export const unqualifiedName: Rule = {
  lists: ['catalog'],
  check: ({ statements }) =>
    statements.flatMap((statement) =>
      unqualifiedIn(statement).map((name) => ({
        message: `It names ${name} without its schema: say catalog.${name}.`,
        statement: statement.sql,
      })),
    ),
};

function unqualifiedIn({ node }: Statement): string[] {
  const all = [...branches(node)].map(({ value }) => value);
  const local = new Set(all.map(({ ctename }) => ctename));
  return [
    ...all
      .filter(({ schemaname, relname }) => schemaname === undefined && !local.has(relname))
      .flatMap(({ relname }) => (typeof relname === 'string' ? [relname] : [])),
    ...droppedIn(node),
  ];
}

const WITH_SCHEMA: readonly (string | undefined)[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_MATVIEW',
];

function droppedIn(node: Node): string[] {
  const { removeType, objects = [] } = as('DropStmt', node) ?? {};
  return WITH_SCHEMA.includes(removeType)
    ? objects
        .map((object) => textsIn(as('List', object)?.items))
        .flatMap(([name = '', ...more]) => (more.length === 0 ? [name] : []))
    : [];
}
