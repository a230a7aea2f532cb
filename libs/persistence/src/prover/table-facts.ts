import type { Queryable } from '../connection/queryable.ts';

/** What the server's catalog says of one table of a placement, or of the catalog. */
export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  readonly foreign: boolean;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly tenantColumn: { readonly type: string; readonly notNull: boolean } | null;
  readonly policies: readonly PolicyFacts[];
  readonly indexes: readonly IndexFacts[];
  readonly foreignKeys: readonly ForeignKeyFacts[];
}

export interface PolicyFacts {
  readonly name: string;
  readonly permissive: boolean;
  /** `*` for all of them, `r` for reading. */
  readonly command: string;
  /** Empty when it is for everybody. */
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

interface IndexFacts {
  readonly name: string;
  readonly primary: boolean;
  /** By a unique or an exclusion constraint. */
  readonly unique: boolean;
  readonly leadsWithTenant: boolean;
  readonly hasTenant: boolean;
}

interface ForeignKeyFacts {
  readonly name: string;
  readonly target: string;
  readonly pairsTenant: boolean;
  readonly staysInSchema: boolean;
}

/** Reads the tables of all the schemas by one query: partitions and other children are among them. */
export function readTables(database: Queryable, schemas: readonly string[]): Promise<TableFacts[]> {
  return database.execute<TableFacts[]>(
    `select n.nspname as schema, c.relname as name, c.relkind = 'f' as foreign,
       c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
       case when tenant.attnum is not null then json_build_object(
         'type', format_type(tenant.atttypid, null), 'notNull', tenant.attnotnull) end as "tenantColumn",
       (${POLICIES}) as policies,
       (${INDEXES}) as indexes,
       (${FOREIGN_KEYS}) as "foreignKeys"
     from pg_namespace n
     join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'f')
     left join pg_attribute tenant on tenant.attrelid = c.oid and tenant.attname = 'tenant_id' and not tenant.attisdropped
     where n.nspname in (select jsonb_array_elements_text(?::jsonb))
     order by n.nspname, c.relname`,
    [JSON.stringify(schemas)],
  );
}

const POLICIES = `
  select coalesce(json_agg(json_build_object(
    'name', p.polname, 'permissive', p.polpermissive, 'command', p.polcmd,
    'roles', array(select r.rolname from pg_roles r where r.oid = any(p.polroles)),
    'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))), '[]')
  from pg_policy p where p.polrelid = c.oid`;

// Only key columns count: what an index merely includes makes nothing unique.
const INDEXES = `
  select coalesce(json_agg(json_build_object(
    'name', ic.relname, 'primary', i.indisprimary, 'unique', i.indisunique or i.indisexclusion,
    'leadsWithTenant', i.indisvalid and coalesce(i.indkey[0] = tenant.attnum, false),
    'hasTenant', coalesce(tenant.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1]), false))), '[]')
  from pg_index i join pg_class ic on ic.oid = i.indexrelid where i.indrelid = c.oid`;

const FOREIGN_KEYS = `
  select coalesce(json_agg(json_build_object(
    'name', f.conname, 'target', format('%I.%I', tn.nspname, target.relname), 'staysInSchema', target.relnamespace = c.relnamespace,
    'pairsTenant', exists (
      select from unnest(f.conkey, f.confkey) pair(own, other)
      join pg_attribute o on o.attrelid = f.confrelid and o.attnum = pair.other
      where pair.own = tenant.attnum and o.attname = 'tenant_id'))), '[]')
  from pg_constraint f
  join pg_class target on target.oid = f.confrelid
  join pg_namespace tn on tn.oid = target.relnamespace
  where f.conrelid = c.oid and f.contype = 'f'`;
