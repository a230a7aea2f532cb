import type { Queryable } from '../connection/queryable.ts';
import { ROLES } from '../roles.ts';
import { APP_ROLES } from './app-roles.ts';
import type { InspectedPlacement } from './placements.ts';

/** A right that is not one of those that the migrator gives. */
export interface GrantFacts {
  readonly where: string;
  /** `public` is everybody. */
  readonly grantee: string;
  readonly privilege: string;
  /** Whether the app has it. */
  readonly ofApp: boolean;
}

/**
 * Reads the rights on placements, catalog, schemas and the database, less those that should be there: there are some for
 * each table, so the server sorts them out.
 */
export function readExcessGrants(
  database: Queryable,
  login: string,
  placements: readonly InspectedPlacement[],
): Promise<GrantFacts[]> {
  return database.execute<GrantFacts[]>(
    `with recursive ${APP_ROLES},
       holder(namespace, schema, role) as (
         select n.oid, p.schema, p.role
         from jsonb_to_recordset(?::jsonb) as p(schema text, role text) join pg_namespace n on n.nspname = p.schema
         union all
         select n.oid, p.schema, '${ROLES.relay}'
         from jsonb_to_recordset(?::jsonb) as p(schema text) join pg_namespace n on n.nspname = p.schema
         union all select oid, 'catalog', '${ROLES.operator}' from pg_namespace where nspname = 'catalog'
         union all select oid, 'catalog', '${ROLES.reader}' from pg_namespace where nspname = 'catalog'
         union all select oid, 'catalog', '${ROLES.tenant}' from pg_namespace where nspname = 'catalog'),
       granted as (${ON_TABLES} union all ${ON_COLUMNS} union all ${ON_SCHEMAS} union all ${ON_DATABASE})
     select granted.where, coalesce(r.rolname, 'public') as grantee,
       privilege || case when is_grantable then ' with grant option' else '' end as privilege,
       grantee = 0 or grantee in (select oid from app_role) as "ofApp"
     from granted left join pg_roles r on r.oid = granted.grantee
     where grantee <> owner and (is_grantable or not allowed)
       and (guarded or grantee = 0 or grantee in (select oid from app_role))
     order by 1, 2, 3`,
    [login, JSON.stringify(placements), JSON.stringify(placements)],
  );
}

const mayHave = (namespace: string, what: string): string => `exists (
  select from holder h join pg_roles hr on hr.rolname = h.role
  where h.namespace = ${namespace} and hr.oid = a.grantee and (${what}))`;

// What tenants may read of the catalog is only what policies cut down, nobody may change what has been audited, and
// the program says in the reader's scope that it is there.
const ROWS_OF_TABLE = `h.role <> '${ROLES.relay}' and c.relkind <> 'S' and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  and (h.role <> '${ROLES.tenant}' or c.relrowsecurity)
  and (h.role <> '${ROLES.reader}' or a.privilege_type = 'SELECT' or h.schema = 'catalog' and c.relname = 'heartbeat')
  and (h.schema <> 'catalog' or c.relname <> 'audit' or a.privilege_type in ('SELECT', 'INSERT'))`;

/** The table whose rows the relay sees of all tenants, but for what is in them. */
export const OUTBOX = 'outbox_event';
const CONTENT = 'data';

const COLUMN_OF_TABLE = `${ROWS_OF_TABLE} or h.role = '${ROLES.relay}'
  and c.relname = '${OUTBOX}' and a.privilege_type = 'SELECT' and col.attname <> '${CONTENT}'`;

const ON_TABLES = `
  select format('%I.%I', n.nspname, c.relname) as where, c.relowner as owner, a.grantee, a.privilege_type as privilege,
    a.is_grantable, ${mayHave('n.oid', ROWS_OF_TABLE)} as allowed, true as guarded
  from pg_namespace n
  join pg_class c on c.relnamespace = n.oid
  cross join aclexplode(c.relacl) a
  where n.oid in (select namespace from holder) and c.relacl is not null`;

const ON_COLUMNS = `
  select format('%I.%I(%I)', n.nspname, c.relname, col.attname), c.relowner, a.grantee, a.privilege_type,
    a.is_grantable, ${mayHave('n.oid', COLUMN_OF_TABLE)}, true
  from pg_attribute col
  join pg_class c on c.oid = col.attrelid
  join pg_namespace n on n.oid = c.relnamespace
  cross join aclexplode(col.attacl) a
  where col.attacl is not null and n.oid in (select namespace from holder)`;

// Of other schemas only the right to make something there is of interest.
const ON_SCHEMAS = `
  select n.nspname::text, n.nspowner, a.grantee, a.privilege_type, a.is_grantable,
    ${mayHave('n.oid', `a.privilege_type = 'USAGE'`)}
      or a.privilege_type = 'USAGE' and n.oid not in (select namespace from holder),
    n.oid in (select namespace from holder)
  from pg_namespace n
  cross join aclexplode(n.nspacl) a
  where n.nspacl is not null and not starts_with(n.nspname, 'pg_')`;

const ON_DATABASE = `
  select 'database ' || d.datname, d.datdba, a.grantee, a.privilege_type, a.is_grantable,
    a.privilege_type = 'CONNECT' and a.grantee <> 0, false
  from pg_database d
  cross join aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
  where d.datname = current_database()`;
