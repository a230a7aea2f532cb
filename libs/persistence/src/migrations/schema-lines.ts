/** What a sleeping trigger or rule has behind it; `O` is as they are made. */
const enabled = (column: string): string =>
  `case ${column} when 'D' then ' (disabled)' when 'R' then ' (on replicas)' when 'A' then ' (always)' else '' end`;

const when = (condition: string, words: string): string =>
  `case when ${condition} then '${words}' else '' end`;

/** A type has a collation or none; the database's own is not worth a word. */
const collation = (column: string): string =>
  `case when ${column} in (0, 'pg_catalog."default"'::regcollation) then '' else ' collate ' || ${column}::regcollation end`;

/**
 * Lines that say what is in the schemas of `target (oid)`, as the server has it: `(schema, class, object, line)`, with what an
 * extension may own as `(class, object)`. Each part reads a catalog once, whole: there is nothing for each object to look for.
 *
 * Rights are not among them: each placement has a role of its own, and `prove-isolation` looks at those. Nor is what only
 * tells the server how to work, such as storage parameters, statistics and the replica identity.
 */
export const LINES = `
  select n.oid as schema, c.tableoid as class, c.oid as object,
      format('column %s.%s %s%s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), ${collation('a.attcollation')},
        ${when('a.attnotnull', ' not null')}, case a.attidentity when '' then '' else ' identity ' || a.attidentity::text end,
        case a.attgenerated when '' then ' default ' when 'v' then ' generated virtual ' else ' generated ' end || pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') join target n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
  union all
  select n.oid, c.tableoid, c.oid, format('table %s %s%s%s%s%s', c.relname, c.relkind, ${when("c.relpersistence = 'u'", ' unlogged')},
      ${when('c.relrowsecurity', ' row security')}, ${when('c.relforcerowsecurity', ' forced')},
      case c.relkind when 'p' then ' by ' || pg_get_partkeydef(c.oid) end)
    from pg_class c join target n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'f', 'c')
  union all
  select n.oid, c.tableoid, c.oid, format('inherits %s %s%s', c.relname, h.inhparent::regclass, ' ' || pg_get_expr(c.relpartbound, c.oid))
    from pg_inherits h join pg_class c on c.oid = h.inhrelid and c.relkind in ('r', 'p', 'f') join target n on n.oid = c.relnamespace
  union all
  select n.oid, c.tableoid, c.oid, format('foreign table %s %s %s', c.relname, s.srvname, f.ftoptions)
    from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver join pg_class c on c.oid = f.ftrelid join target n on n.oid = c.relnamespace
  union all
  select n.oid, c.tableoid, c.oid, format('constraint %s.%s %s%s', c.relname, x.conname, pg_get_constraintdef(x.oid), ${when('not x.convalidated', ' (not valid)')})
    from pg_constraint x join pg_class c on c.oid = x.conrelid join target n on n.oid = c.relnamespace
    where x.contype <> 'n' or not x.convalidated
  union all
  select n.oid, c.tableoid, c.oid, format('index %s%s', pg_get_indexdef(i.indexrelid), ${when('not i.indisvalid', ' (invalid)')})
    from pg_index i join pg_class c on c.oid = i.indrelid join target n on n.oid = c.relnamespace
  union all
  select n.oid, c.tableoid, c.oid, format('policy %s.%s %s%s to %s using %s check %s', c.relname, p.polname, p.polcmd, ${when('not p.polpermissive', ' restrictive')},
      array(select rolname from pg_roles r where r.oid = any(p.polroles) order by 1), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join pg_class c on c.oid = p.polrelid join target n on n.oid = c.relnamespace
  union all
  select n.oid, c.tableoid, c.oid, format('trigger %s%s', pg_get_triggerdef(t.oid), ${enabled('t.tgenabled')})
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join target n on n.oid = c.relnamespace where not t.tgisinternal
  union all
  -- Those by which a constraint is held to have names that the server makes up.
  select n.oid, c.tableoid, c.oid, format('constraint %s.%s %s %s%s', owner.relname, x.conname, c.relname, p.proname, ${enabled('t.tgenabled')})
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join target n on n.oid = c.relnamespace
    join pg_constraint x on x.oid = t.tgconstraint join pg_class owner on owner.oid = x.conrelid join pg_proc p on p.oid = t.tgfoid
    where t.tgisinternal and t.tgenabled <> 'O'
  union all
  select n.oid, c.tableoid, c.oid, format('rule %s%s', pg_get_ruledef(r.oid), ${enabled('r.ev_enabled')})
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join target n on n.oid = c.relnamespace where r.rulename <> '_RETURN'
  union all
  select n.oid, c.tableoid, c.oid, format('view %s %s %s', c.relname, c.reloptions, pg_get_viewdef(c.oid))
    from pg_class c join target n on n.oid = c.relnamespace where c.relkind in ('v', 'm')
  union all
  select n.oid, c.tableoid, c.oid, format('sequence %s%s %s start %s by %s from %s to %s cache %s%s', c.relname, ${when("c.relpersistence = 'u'", ' unlogged')},
      format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, ${when('s.seqcycle', ' cycle')})
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join target n on n.oid = c.relnamespace
  union all
  select n.oid, t.tableoid, t.oid, format('enum %s %s', t.typname, string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder))
    from pg_type t join target n on n.oid = t.typnamespace left join pg_enum e on e.enumtypid = t.oid where t.typtype = 'e'
    group by n.oid, t.tableoid, t.oid, t.typname
  union all
  select n.oid, t.tableoid, t.oid, format('domain %s %s%s%s%s', t.typname, format_type(t.typbasetype, t.typtypmod), ${collation('t.typcollation')},
      ${when('t.typnotnull', ' not null')}, ' default ' || t.typdefault)
    from pg_type t join target n on n.oid = t.typnamespace where t.typtype = 'd'
  union all
  select n.oid, t.tableoid, t.oid, format('constraint %s.%s %s%s', t.typname, x.conname, pg_get_constraintdef(x.oid), ${when('not x.convalidated', ' (not valid)')})
    from pg_constraint x join pg_type t on t.oid = x.contypid join target n on n.oid = t.typnamespace where x.conrelid = 0 and x.contype <> 'n'
  union all
  select n.oid, p.tableoid, p.oid, format('function %s', pg_get_functiondef(p.oid))
    from pg_proc p join target n on n.oid = p.pronamespace where p.prokind <> 'a'
  union all
  select n.oid, p.tableoid, p.oid, format('function %s(%s) by %s %s %s', p.proname, pg_get_function_arguments(p.oid), a.aggtransfn, a.aggfinalfn, a.agginitval)
    from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join target n on n.oid = p.pronamespace`;
