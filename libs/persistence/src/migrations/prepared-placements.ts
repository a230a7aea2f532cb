import type { EntityManager } from '@mikro-orm/postgresql';
import { roleOfPlacement } from '../roles.ts';
import { addressOf } from './server-roles.ts';

/**
 * By one query: which schemas are there, with a role that has rights to whatever is made in them and that the app may become.
 * @param only the schema that is asked for, in a database that may have thousands
 */
export async function readPrepared(
  entityManager: EntityManager,
  appUrl: string,
  only: string | null = null,
): Promise<(schema: string) => boolean> {
  const [found] = await entityManager.execute<[{ schemas: string[]; roles: string[] }]>(
    `select (
         select coalesce(json_agg(n.nspname), '[]') from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace
         where n.nspname = coalesce(?, n.nspname)) as schemas,
       (
         select coalesce(json_agg(role.rolname), '[]') from pg_auth_members m
         join pg_roles role on role.oid = m.roleid join pg_roles login on login.oid = m.member
         where login.rolname = ? and role.rolname = coalesce(?, role.rolname)) as roles`,
    [only, addressOf(appUrl).login, only && roleOfPlacement(only)],
  );
  const schemas = new Set(found.schemas);
  const roles = new Set(found.roles);
  return (schema) => schemas.has(schema) && roles.has(roleOfPlacement(schema));
}
