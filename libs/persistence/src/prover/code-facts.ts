import type { Queryable } from '../connection/queryable.ts';
import { APP_ROLES } from './app-roles.ts';

/** Something on the server that may read or write tenants' rows with rights that are not the caller's. */
export interface CodeFacts {
  readonly kind:
    'view' | 'materialized-view' | 'rule' | 'trigger' | 'security-definer' | 'publication';
  readonly where: string;
  /** Whether it came with an extension. */
  readonly ofExtension: boolean;
}

/**
 * Reads views, rules, triggers, functions and publications by one query. It begins at those: there are few, and the tables
 * of tenants are many.
 * @param schemas of placements
 */
export function readCode(
  database: Queryable,
  login: string,
  schemas: readonly string[],
): Promise<CodeFacts[]> {
  return database.execute<CodeFacts[]>(
    `with recursive ${APP_ROLES},
       protected(oid) as (
         select oid from pg_namespace where nspname = 'catalog' or nspname in (select jsonb_array_elements_text(?::jsonb))),
       ${VIEWED}
     ${VIEWS} union all ${RULES} union all ${TRIGGERS} union all ${FUNCTIONS} union all ${PUBLICATIONS}
     order by 1, 2`,
    [login, JSON.stringify(schemas)],
  );
}

// A view over a view reads what that one reads.
const VIEWED = `
  uses(view, relation) as (
    select r.ev_class, d.refobjid
    from pg_rewrite r
    join pg_class v on v.oid = r.ev_class and v.relkind in ('v', 'm')
    join pg_namespace n on n.oid = v.relnamespace and n.nspname not in ('pg_catalog', 'information_schema')
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
      and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class),
  reads(view, relation) as (
    select view, relation from uses
    union
    select reads.view, uses.relation from reads join uses on uses.view = reads.relation)`;

const VIEWS = `
  select case v.relkind when 'm' then 'materialized-view' else 'view' end as kind,
    format('%I.%I', n.nspname, v.relname) as where, false as "ofExtension"
  from pg_class v
  join pg_namespace n on n.oid = v.relnamespace
  where v.oid in (select reads.view from reads join pg_class t on t.oid = reads.relation
      where t.relkind in ('r', 'p', 'f') and t.relnamespace in (select oid from protected))
    and not coalesce((select option_value::boolean from pg_options_to_table(v.reloptions)
      where option_name = 'security_invoker'), false)`;

const RULES = `
  select 'rule', format('%I on %I.%I', r.rulename, n.nspname, c.relname), false
  from pg_rewrite r
  join pg_class c on c.oid = r.ev_class and c.relkind in ('r', 'p') and c.relnamespace in (select oid from protected)
  join pg_namespace n on n.oid = c.relnamespace`;

const TRIGGERS = `
  select 'trigger', format('%I on %I.%I', t.tgname, n.nspname, c.relname), false
  from pg_trigger t
  join pg_proc p on p.oid = t.tgfoid and p.prosecdef
  join pg_class c on c.oid = t.tgrelid and c.relnamespace in (select oid from protected)
  join pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal`;

const FUNCTIONS = `
  select 'security-definer', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace and n.nspname not in ('pg_catalog', 'information_schema')
  where p.prosecdef and exists (
    select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where a.privilege_type = 'EXECUTE' and (a.grantee = 0 or a.grantee in (select oid from app_role)))`;

const PUBLICATIONS = `
  select 'publication', p.pubname::text, false
  from pg_publication p
  where p.puballtables
    or exists (select from pg_publication_namespace pn where pn.pnpubid = p.oid and pn.pnnspid in (select oid from protected))
    or exists (select from pg_publication_rel pr join pg_class c on c.oid = pr.prrelid
      where pr.prpubid = p.oid and c.relnamespace in (select oid from protected))`;
