import type { EntityManager } from '@mikro-orm/postgresql';
import { LINES } from './schema-lines.ts';

/** What there is in one schema: a line for each column, constraint, index, policy, trigger, view, type, function and so on. */
export type SchemaLines = readonly string[];

/** What is in one schema; there is no fingerprint of nothing. */
export interface SchemaContents {
  readonly fingerprint: string | undefined;
  readonly lines: SchemaLines;
}

/** How what is in a schema differs from what is expected there. */
export interface SchemaDifference {
  /** What is expected and not there. */
  readonly missing: SchemaLines;
  /** What is there and not expected. */
  readonly unexpected: SchemaLines;
}

/**
 * Lines without the schema's name, however it is quoted: two schemas are the same when their lines are. What belongs to an
 * extension is not of the schema's making.
 */
const OWN_LINES = `
  target as materialized (
    select oid, nspname from pg_namespace where nspname in (select jsonb_array_elements_text(?::jsonb))),
  of_extension as materialized (
    select classid, objid from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'e'),
  own as (
    select nspname as name, replace(lines.line, quote_ident(nspname) || '.', '') as line
    from (${LINES}) lines join target on target.oid = lines.schema
    where (lines.class, lines.object) not in (select classid, objid from of_extension))`;

const NOTHING: SchemaContents = { fingerprint: undefined, lines: [] };

/** To look at one schema takes the server nearly as long as to look at many; what is in all of them is a lot to keep. */
const AT_ONCE = 100;

const FINGERPRINT = `md5(string_agg(line, e'\\n' order by line collate "C"))`;

/**
 * A fingerprint of each schema that has anything in it, by one query.
 * @param entityManager in a transaction
 */
export async function readFingerprints(
  entityManager: EntityManager,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await readOwnLines<{ name: string; fingerprint: string }>(
    entityManager,
    `with ${OWN_LINES}
     select name, ${FINGERPRINT} as fingerprint from own group by name`,
    schemas,
  );
  return new Map(rows.map(({ name, fingerprint }) => [name, fingerprint]));
}

/** What is in one schema, to be compared line by line. */
export async function readSchema(
  entityManager: EntityManager,
  schema: string,
): Promise<SchemaContents> {
  const [{ fingerprint, lines } = NOTHING] = await readContents(entityManager, [schema]);
  return { fingerprint, lines };
}

/** Makes something of the lines of each schema, which are read for many at once. */
export async function mapLines<Result>(
  entityManager: EntityManager,
  schemas: readonly string[],
  make: (schema: string, lines: SchemaLines) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let done = 0; done < schemas.length; done += AT_ONCE) {
    const part = schemas.slice(done, done + AT_ONCE);
    const contents = await readContents(entityManager, part);
    const linesOf = new Map(contents.map(({ name, lines }) => [name, lines]));
    results.push(...part.map((schema) => make(schema, linesOf.get(schema) ?? [])));
  }
  return results;
}

/** Of those schemas that have anything in them. */
function readContents(
  entityManager: EntityManager,
  schemas: readonly string[],
): Promise<{ name: string; fingerprint: string; lines: SchemaLines }[]> {
  return readOwnLines(
    entityManager,
    `with ${OWN_LINES}
     select name, ${FINGERPRINT} as fingerprint, array_agg(line order by line collate "C") as lines from own group by name`,
    schemas,
  );
}

/** From nowhere: the server leaves the schema out of names that are in the search path. */
async function readOwnLines<Row>(
  entityManager: EntityManager,
  sql: string,
  schemas: readonly string[],
): Promise<Row[]> {
  const setPath = `select set_config('search_path', ?, true)`;
  const [before] = await entityManager.execute<{ path: string }[]>(
    `select current_setting('search_path') as path`,
  );
  await entityManager.execute(setPath, ['pg_temp']);
  const rows = await entityManager.execute<Row[]>(sql, [JSON.stringify(schemas)]);
  await entityManager.execute(setPath, [before?.path ?? '']);
  return rows;
}

/** A pure function. */
export function differenceOf(expected: SchemaLines, lines: SchemaLines): SchemaDifference {
  return { missing: without(expected, lines), unexpected: without(lines, expected) };
}

function without(lines: SchemaLines, others: SchemaLines): SchemaLines {
  const there = new Set(others);
  return lines.filter((line) => !there.has(line));
}
