import type { Queryable } from '../connection/queryable.ts';
import { roleOfPlacement } from '../roles.ts';
import { type Finding, finding } from './finding.ts';

/** A schema with tenants' tables, and the one role that should reach them. */
export interface InspectedPlacement {
  readonly schema: string;
  readonly role: string;
  /** Whether the catalog has it. One that it does not have is inspected all the same. */
  readonly known: boolean;
}

/** All placements of the catalog, and other schemas with a table that has a `tenant_id`: whatever holds tenants' rows. */
export async function readPlacements(database: Queryable): Promise<readonly InspectedPlacement[]> {
  const rows = await database.execute<{ schema: string; known: boolean }[]>(`
    select schema, bool_or(known) as known from (
      select schema_name as schema, true as known from catalog.placement
      union all
      select n.nspname, false
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'f')
      join pg_namespace n on n.oid = c.relnamespace
      where a.attname = 'tenant_id' and not a.attisdropped
        and n.nspname not in ('catalog', 'information_schema') and not starts_with(n.nspname, 'pg_')
    ) found
    group by schema
    order by schema`);
  return rows.map(({ schema, known }) => ({ schema, known, role: roleOfPlacement(schema) }));
}

/** Whether there is a catalog yet. */
export async function hasCatalog(database: Queryable): Promise<boolean> {
  const [row] = await database.execute<{ there: boolean }[]>(
    `select to_regclass('catalog.placement') is not null as there`,
  );
  return row?.there === true;
}

export function checkPlacements(placements: readonly InspectedPlacement[]): Finding[] {
  return placements
    .filter(({ known }) => !known)
    .map(({ schema }) =>
      finding(
        'unknown-placement',
        schema,
        'has tables with a tenant_id and is not in the catalog',
        'warning',
      ),
    );
}

/** The schema of some dedicated placement that has its tables, if there is one. */
export async function findDedicated(database: Queryable): Promise<string | undefined> {
  const [row] = await database.execute<{ schema: string }[]>(`
    select p.schema_name as schema
    from catalog.placement p
    where p.isolation <> 'shared' and to_regclass(format('%I.member', p.schema_name)) is not null
    order by p.schema_name
    limit 1`);
  return row?.schema;
}

/** The login that the connection was made with, whichever role it has taken since. */
export async function readLogin(database: Queryable): Promise<string> {
  const [row] = await database.execute<{ login: string }[]>('select session_user as login');
  return row?.login ?? '';
}
