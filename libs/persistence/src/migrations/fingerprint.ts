import type { EntityManager } from '@mikro-orm/postgresql';

/** What there is in one schema: a line for each column, constraint, index, policy, trigger, view and function. */
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
 * Lines that say what is in schemas, as the server has it, without the name of the schema: two schemas are the same when
 * their lines are. Rights are not among them: each placement has a role of its own, and `prove-isolation` looks at those.
 */
const LINES = `
  select n.oid as schema, format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' else '' end, case a.attidentity when '' then '' else ' identity ' || a.attidentity::text end,
      case a.attgenerated when '' then ' default ' else ' generated ' end || pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'v', 'm') join target n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
  union all
  select n.oid, format('table %s %s%s%s', c.relname, c.relkind, case when c.relrowsecurity then ' row security' else '' end,
      case when c.relforcerowsecurity then ' forced' else '' end)
    from pg_class c join target n on n.oid = c.relnamespace where c.relkind in ('r', 'p')
  union all
  select n.oid, format('constraint %s.%s %s%s', c.relname, x.conname, pg_get_constraintdef(x.oid), case when x.convalidated then '' else ' (not valid)' end)
    from pg_constraint x join pg_class c on c.oid = x.conrelid join target n on n.oid = c.relnamespace where x.contype <> 'n'
  union all
  select n.oid, format('index %s%s', pg_get_indexdef(i.indexrelid), case when i.indisvalid then '' else ' (invalid)' end)
    from pg_index i join pg_class c on c.oid = i.indexrelid join target n on n.oid = c.relnamespace
  union all
  select n.oid, format('policy %s.%s %s to %s using %s check %s', c.relname, p.polname, p.polcmd,
      array(select rolname from pg_roles r where r.oid = any(p.polroles) order by 1), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join pg_class c on c.oid = p.polrelid join target n on n.oid = c.relnamespace
  union all
  select n.oid, format('trigger %s', pg_get_triggerdef(t.oid))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join target n on n.oid = c.relnamespace where not t.tgisinternal
  union all
  select n.oid, format('view %s %s %s', c.relname, c.reloptions, pg_get_viewdef(c.oid))
    from pg_class c join target n on n.oid = c.relnamespace where c.relkind in ('v', 'm')
  union all
  select n.oid, format('function %s', case p.prokind when 'a' then p.proname else pg_get_functiondef(p.oid) end)
    from pg_proc p join target n on n.oid = p.pronamespace`;

/** Lines without the schema's name, however it is quoted. */
const OWN_LINES = `
  target as materialized (
    select oid, nspname from pg_namespace where nspname in (select jsonb_array_elements_text(?::jsonb))),
  own as (
    select nspname as name, replace(lines.line, quote_ident(nspname) || '.', '') as line
    from (${LINES}) lines join target on target.oid = lines.schema)`;

const NOTHING: SchemaContents = { fingerprint: undefined, lines: [] };

/** To look at one schema takes the server nearly as long as to look at many; what is in all of them is a lot to keep. */
const AT_ONCE = 100;

const FINGERPRINT = `md5(string_agg(line, e'\\n' order by line collate "C"))`;

/** A fingerprint of each schema that has anything in it, by one query. */
export async function readFingerprints(
  entityManager: EntityManager,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await entityManager.execute<{ name: string; fingerprint: string }[]>(
    `with ${OWN_LINES}
     select name, ${FINGERPRINT} as fingerprint from own group by name`,
    [JSON.stringify(schemas)],
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
  return entityManager.execute(
    `with ${OWN_LINES}
     select name, ${FINGERPRINT} as fingerprint, array_agg(line order by line collate "C") as lines from own group by name`,
    [JSON.stringify(schemas)],
  );
}

/** A pure function. */
export function differenceOf(expected: SchemaLines, lines: SchemaLines): SchemaDifference {
  return { missing: without(expected, lines), unexpected: without(lines, expected) };
}

function without(lines: SchemaLines, others: SchemaLines): SchemaLines {
  const there = new Set(others);
  return lines.filter((line) => !there.has(line));
}
