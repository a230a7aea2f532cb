/** What isolation asks for, in the words of what should be, and what to do where it is not. The names are stable. */
export const CHECKS = {
  'tenant-column': {
    expects: 'every table of a placement has tenant_id uuid not null',
    remedy: 'Add the column and a policy, or move the table out of the placement.',
  },
  'primary-key': {
    expects: 'tenant_id comes first in every primary key',
    remedy: 'Make the primary key (tenant_id, …).',
  },
  'row-security': {
    expects: 'row security is enabled on every table of a placement',
    remedy: 'Run: alter table … enable row level security;',
  },
  'row-security-forced': {
    expects: 'row security binds the owner too',
    remedy: 'Run: alter table … force row level security;',
  },
  policy: {
    expects:
      'each table has one permissive policy, for all commands and roles, with the strict expression; the outbox one more, for the relay to read',
    remedy: 'Drop the policies of the table and make tenant_isolation as its migration has it.',
  },
  'tenant-index': {
    expects: 'each table has an index that leads with tenant_id',
    remedy: 'Create an index on (tenant_id, …).',
  },
  'unique-key': {
    expects: 'every unique key has tenant_id in it',
    remedy: 'Put tenant_id into it: a unique key tells which values other tenants have.',
  },
  'foreign-key': {
    expects: 'every foreign key pairs tenant_id with tenant_id, within the placement',
    remedy: 'Refer by (tenant_id, …): foreign keys are checked without row security.',
  },
  'foreign-table': {
    expects: 'no placement has a foreign table',
    remedy: 'Drop it: row security does not reach another server.',
  },
  view: {
    expects: 'views over tenants’ tables read as their caller',
    remedy: 'Run: alter view … set (security_invoker = true);',
  },
  'materialized-view': {
    expects: 'no materialised view holds rows of tenants',
    remedy: 'Drop it, or make it a table with tenant_id and a policy.',
  },
  rule: {
    expects: 'no rewrite rule is on a tenants’ table',
    remedy: 'Drop the rule: what it does is done with its owner’s rights.',
  },
  trigger: {
    expects: 'no trigger of a tenants’ table runs with its owner’s rights',
    remedy: 'Run: alter function … security invoker;',
  },
  'security-definer': {
    expects: 'the app may call no function that runs with its owner’s rights',
    remedy: 'Run: revoke execute on function … from public; or make it security invoker.',
  },
  publication: {
    expects: 'rows of tenants are not published',
    remedy: 'See that whoever subscribes may see all tenants: row security does not apply there.',
  },
  grant: {
    expects:
      'nobody has rights on placements, catalog, schemas and database beyond those of the migrator',
    remedy: 'Revoke it.',
  },
  'role-attribute': {
    expects:
      'the app’s login and the roles it can become have no attribute that goes around row security',
    remedy: 'Run: alter role … no…;',
  },
  'role-membership': {
    expects: 'the app can become its placements’ roles and the operator, and nothing more',
    remedy: 'Revoke the membership.',
  },
  'role-owner': {
    expects: 'the app’s login and the roles it can become own nothing',
    remedy: 'Run: reassign owned by … to tenantry_owner;',
  },
  'preset-scope': {
    expects: 'no role and no database presets a tenant, a role or a search path',
    remedy: 'Run: alter role … reset …; or alter database … reset …;',
  },
  'catalog-row-security': {
    expects: 'the catalog shows a tenant its own row only',
    remedy: 'Make row security and policies of the table as its migration has them.',
  },
  'unknown-placement': {
    expects: 'all tables of tenants are in placements that the catalog knows',
    remedy: 'Drop the schema, or record it as a placement: nobody migrates it.',
  },
  'server-version': {
    expects: 'the server has the known fixes of row security',
    remedy:
      'Update PostgreSQL to its newest minor release; until then DB_ALLOW_OLD_SERVER=true lets production go on.',
  },
  pooler: {
    expects: 'what a session sets is not seen by other clients',
    remedy: 'See docs/prove-isolation.md on poolers.',
  },
  attack: {
    expects: 'attacks of one throw-away tenant on another one fail',
    remedy: 'See what the other findings say; no request is safe until this is gone.',
  },
  'prover-blind': {
    expects: 'the prover finds what is planted for it to find',
    remedy: 'Do not trust this run: the prover itself is broken.',
  },
} as const satisfies Record<string, { readonly expects: string; readonly remedy: string }>;

export type CheckName = keyof typeof CHECKS;
