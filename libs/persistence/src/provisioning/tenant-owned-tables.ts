import type { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';

const { escapeIdentifier } = pg;

/** A reference from one table to another, by name. */
interface Reference {
  readonly from: string;
  readonly to: string;
}

/**
 * The tables of a placement that have rows of tenants, as the server has them, those that refer to others before what
 * they refer to. Read from the server, so that a table nobody thought of here is there too.
 */
export async function tenantOwnedTables(
  transaction: EntityManager,
  schema: string,
): Promise<readonly string[]> {
  const tables = await namesOfTables(transaction, schema);
  const references = await transaction.execute<Reference[]>(
    `select f.relname as "from", t.relname as "to" from pg_constraint k
     join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
     where k.contype = 'f' and f.relnamespace = to_regnamespace(?) and t.relnamespace = f.relnamespace`,
    [schema],
  );
  return childrenFirst(tables, references);
}

/** Whether any of those tables has a row, whosever it is. Only who is above row security is told the truth. */
export async function holdsRows(transaction: EntityManager, schema: string): Promise<boolean> {
  const tables = await namesOfTables(transaction, schema);
  const anyRow = tables.map(
    (table) => `exists (select from ${escapeIdentifier(schema)}.${escapeIdentifier(table)})`,
  );
  const [found] = await transaction.execute<{ any: boolean }[]>(
    `select ${['false', ...anyRow].join(' or ')} as any`,
  );
  return found?.any === true;
}

async function namesOfTables(
  transaction: EntityManager,
  schema: string,
): Promise<readonly string[]> {
  const tables = await transaction.execute<{ name: string }[]>(
    `select c.relname as name from pg_class c
     where c.relnamespace = to_regnamespace(?) and c.relkind in ('r', 'p') and not c.relispartition
       and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
     order by c.relname`,
    [schema],
  );
  return tables.map(({ name }) => name);
}

/** Tables in an order in which each can be emptied: where tables refer to each other in a circle, any order. */
function childrenFirst(
  tables: readonly string[],
  references: readonly Reference[],
): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (table: string): void => {
    if (seen.has(table)) {
      return;
    }
    seen.add(table);
    for (const { from } of references.filter(({ to }) => to === table)) {
      visit(from);
    }
    if (tables.includes(table)) {
      order.push(table);
    }
  };
  tables.forEach(visit);
  return order;
}
