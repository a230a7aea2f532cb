import type { Queryable } from '../connection/queryable.ts';
import { ROLES } from '../roles.ts';
import { TENANT_SETTING } from '../tenant-context/scope.ts';
import { APP_ROLES } from './app-roles.ts';

/** What is remarkable of the app's login and the roles that it can become. */
export interface RoleFacts {
  readonly attributes: readonly { readonly role: string; readonly attribute: string }[];
  readonly owners: readonly string[];
  readonly memberships: readonly MembershipFacts[];
  readonly presets: readonly { readonly of: string; readonly setting: string }[];
}

export interface MembershipFacts {
  readonly member: string;
  readonly role: string;
  /** Whether the member has the role's rights without becoming it. */
  readonly inherits: boolean;
}

export async function readRoles(database: Queryable, login: string): Promise<RoleFacts> {
  const [facts] = await database.execute<RoleFacts[]>(
    `with recursive ${APP_ROLES}
     select (${ATTRIBUTES}) as attributes, (${OWNERS}) as owners, (${MEMBERSHIPS}) as memberships, (${PRESETS}) as presets`,
    [login, login, login],
  );
  return facts ?? { attributes: [], owners: [], memberships: [], presets: [] };
}

const ATTRIBUTES = `
  select coalesce(json_agg(json_build_object('role', r.rolname, 'attribute', has.attribute)), '[]')
  from pg_roles r
  cross join lateral (values ('superuser', r.rolsuper), ('bypassrls', r.rolbypassrls), ('createrole', r.rolcreaterole),
    ('createdb', r.rolcreatedb), ('replication', r.rolreplication), ('inherit', r.rolinherit and r.rolname = ?))
    has(attribute, it_does)
  where has.it_does and r.oid in (select oid from app_role)`;

const OWNERS = `
  select coalesce(json_agg(r.rolname), '[]')
  from pg_roles r
  where r.oid in (select oid from app_role) and exists (
    select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'
      and d.dbid in (0, (select oid from pg_database where datname = current_database())))`;

// Which of them are as they should be is decided here: there is one for each placement, and two in large fleets.
// Before version 16 a membership has no say in inheritance: the login's own attribute has, which is looked at above.
const MEMBERSHIPS = `
  select coalesce(json_agg(json_build_object('member', member.rolname, 'role', role.rolname,
    'inherits', coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, false))), '[]')
  from pg_auth_members m
  join pg_roles member on member.oid = m.member
  join pg_roles role on role.oid = m.roleid
  where m.member in (select oid from app_role)
    and (member.rolname = ? or role.rolname <> '${ROLES.tenant}' or not starts_with(member.rolname, 'tenantry_'))`;

const PRESETS = `
  select coalesce(json_agg(json_build_object('of', coalesce(r.rolname, 'database ' || current_database()),
    'setting', split_part(preset, '=', 1))), '[]')
  from pg_db_role_setting s
  left join pg_roles r on r.oid = s.setrole
  cross join unnest(s.setconfig) preset
  where (s.setrole = 0 or s.setrole in (select oid from app_role))
    and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and split_part(preset, '=', 1) in ('${TENANT_SETTING}', 'role', 'search_path', 'session_replication_role')`;
