import { SHARED_SCHEMA } from '@tenantry/domain';
import { type AppliedMigration, CATALOG, type Queryable, ROLES } from '@tenantry/persistence';

/** All that readiness has to know of the server. */
export interface ServerFacts {
  readonly recovering: boolean;
  /** Of connections that are made from now on, too. */
  readonly readOnly: boolean;
  readonly login: {
    readonly superuser: boolean;
    readonly bypassesRowSecurity: boolean;
    readonly inherits: boolean;
    readonly owner: boolean;
  };
  /** Roles that the login should be able to become. */
  readonly beyondReach: readonly string[];
  readonly applied: readonly (AppliedMigration & { readonly target: string })[];
}

/** What all tenants depend on. A dedicated placement that lags behind is no reason to serve nobody. */
const REQUIRED = [CATALOG.name, SHARED_SCHEMA] as const;

const { owner, ...others } = ROLES;
const ENTERED = JSON.stringify(['tenantry_shared', ...Object.values(others)]);

/** By one query. */
export async function readServerFacts(database: Queryable): Promise<ServerFacts> {
  const [facts] = await database.execute<ServerFacts[]>(FACTS, [ENTERED]);
  if (!facts) {
    throw new Error('the server has answered with no row');
  }
  return facts;
}

// What a database or a role presets wins over the server's setting, and is known to new sessions alone.
// A ledger of an older version has fewer columns.
const FACTS = `
  select pg_is_in_recovery() as "recovering",
    coalesce(
      (select split_part(preset, '=', 2) from pg_db_role_setting s, unnest(s.setconfig) preset
       where split_part(preset, '=', 1) = 'default_transaction_read_only'
         and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
         and s.setrole in (0, (select oid from pg_roles where rolname = session_user))
       order by s.setrole = 0, s.setdatabase = 0 limit 1),
      current_setting('default_transaction_read_only'))::boolean as "readOnly",
    (select json_build_object('superuser', rolsuper, 'bypassesRowSecurity', rolbypassrls, 'inherits', rolinherit,
       'owner', exists (select from pg_roles o where o.rolname = '${owner}' and pg_has_role(session_user, o.oid, 'member')))
     from pg_roles where rolname = session_user) as login,
    array(
      select wanted.name from jsonb_array_elements_text(?::jsonb) wanted(name) left join pg_roles r on r.rolname = wanted.name
      where r.oid is null or not pg_has_role(session_user, r.oid,
        case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)) as "beyondReach",
    (select coalesce(json_agg(json_build_object('target', target, 'name', name,
       'checksum', to_jsonb(m) ->> 'checksum', 'kind', coalesce(to_jsonb(m) ->> 'kind', 'expand')) order by name collate "C"), '[]')
     from catalog.migration m where target in (${REQUIRED.map((name) => `'${name}'`).join(', ')})) as applied`;
