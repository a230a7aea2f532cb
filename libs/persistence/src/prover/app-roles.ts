import { ROLES } from '../roles.ts';

/**
 * The app's login (a parameter) and all roles that it can become, to be put into a `with recursive`. Not the owner: that it
 * can be become is what is wrong then, and not all that it may do.
 */
export const APP_ROLES = `app_role(oid) as (
  select oid from pg_roles where rolname = ?
  union
  select m.roleid
  from pg_auth_members m
  join app_role on m.member = app_role.oid
  join pg_roles r on r.oid = m.roleid and r.rolname <> '${ROLES.owner}')`;
