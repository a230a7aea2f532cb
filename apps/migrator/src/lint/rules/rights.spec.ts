import { describeRules, rulesBrokenBy } from '../testing/planted.ts';

const READS_TASKS = 'begin atomic select count(*) from task; end';

describeRules([
  [
    'security-definer',
    {
      'a function': [`create function f() returns bigint security definer ${READS_TASKS}`],
      'one that is made again': [
        `create or replace function f() returns bigint security definer ${READS_TASKS}`,
      ],
      'one whose code is in a string': [
        `create function f() returns trigger language plpgsql security definer as 'begin return new; end'`,
      ],
      'a procedure': [`create procedure p() security definer ${READS_TASKS}`],
      'a function from now on': ['alter function f() security definer'],
      'one of several changes': ['alter routine f stable external security definer'],
    },
    [
      `create function f() returns bigint ${READS_TASKS}`,
      `create procedure p() security invoker ${READS_TASKS}`,
      'alter function f() security invoker',
      'alter function f() stable',
    ],
  ],
  [
    'rule',
    {
      'a rule beside': ['create rule r as on insert to task do also notify spy'],
      'a rule instead': ['create or replace rule r as on delete to task do instead nothing'],
    },
    ['drop rule r on task', 'create view v with (security_invoker) as select * from task'],
  ],
  [
    'role-change',
    {
      'another role': ['set role tenantry_app'],
      'another role for the transaction': ['set local role none'],
      'the role before': ['reset role'],
      'another user': ['set session authorization tenantry_app'],
      'the user before': ['reset session authorization'],
      'the user by default': ['set session authorization default'],
      'no row security': ['set row_security = off'],
      'a name in capitals': ['set local "ROLE" to tenantry_app'],
      'all settings': ['reset all'],
      'the whole session': ['discard all'],
      'by a call': [`select set_config('role', 'none', true)`],
      'by a call in capitals': [`select pg_catalog.set_config('Session_Authorization', 'a', true)`],
      'by a call with a cast': [`select set_config('row_security'::text, 'off', true)`],
      'by a call with names': [
        `select set_config(is_local => true, new_value => 'none', setting_name => 'role')`,
      ],
      'by a call somewhere': [
        `update task set title = title where set_config('role', 'none', true) = ''`,
      ],
      'by a call in a function': [
        `create function f() returns text return set_config('role', 'none', true)`,
      ],
      'a function with a role': ['create function f() returns int set role to a return 1'],
      'a function with a role from now on': ['alter function f() set role to a'],
      'a role that may more': ['alter role tenantry_app bypassrls'],
      'a user': ['alter user current_user superuser'],
      'a role with a search path': ['alter role tenantry_app set search_path to shared'],
      'a role without settings': ['alter role all reset all'],
      'a role of another name': ['alter role tenantry_app rename to other'],
      'a role that is made': ['create role other bypassrls'],
      'a role that is dropped': ['drop role tenantry_app'],
      'a group': ['alter group tenantry_owner add user tenantry_app'],
      'a member': ['grant tenantry_owner to tenantry_app'],
      'a database with a role': ['alter database app set role to tenantry_owner'],
    },
    [
      `set local lock_timeout = '1s'`,
      `select set_config('lock_timeout', '1s', true), current_setting('role')`,
      'reset lock_timeout',
      'discard plans',
      'alter function f() reset all',
      'create function f() returns int set role from current return 1',
      'alter table member rename to role',
      'grant select on task to someone',
    ],
  ],
  [
    'hard-coded-schema',
    {
      'a search path': [`set schema 'shared'`],
      'a search path in capitals': ['set "SEARCH_PATH" to shared'],
      'the search path before': ['reset search_path'],
      'a search path by a call': [`select set_config('search_path', 'shared', true)`],
      'a search path by a call with names': [
        `select set_config(is_local => true, setting_name => 'Search_Path', new_value => 'shared')`,
      ],
      'a database with a search path': ['alter database app set search_path to shared'],
    },
    [
      `select current_setting('search_path'), set_config('lock_timeout', 'search_path', true)`,
      `comment on table task is 'search_path'`,
    ],
  ],
  [
    'opaque-code',
    {
      'a setting whose name is worked out': [`select set_config('ro' || 'le', 'none', true)`],
      'a setting whose name is in a table': [
        'select set_config(title, number::text, true) from task',
      ],
      'settings as a table': [`update pg_settings set setting = 'off' where name = 'role'`],
    },
    [`select set_config('lock_timeout', '1' || 's', true)`, 'select name from pg_settings'],
  ],
]);

describe('a migration of the catalog', () => {
  it.each([
    ['security-definer', 'create function catalog.f() returns int security definer return 1'],
    ['rule', 'create rule r as on insert to catalog.tenant do also notify spy'],
    ['role-change', 'set local role tenantry_operator'],
    ['hard-coded-schema', `select set_config('search_path', 'catalog', true)`],
  ])('breaks %s too', async (rule, sql) => {
    expect(await rulesBrokenBy('catalog', [sql])).toContain(rule);
  });
});
