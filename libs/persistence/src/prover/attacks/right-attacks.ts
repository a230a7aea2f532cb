import { ROLES } from '../../roles.ts';
import { TENANT_SETTING } from '../../tenant-context/scope.ts';
import type { SqlAttack } from './attack.ts';
import { NOBODYS } from './row-attacks.ts';
import { attacker, memberOf, victim } from './throw-away-tenants.ts';

/** Attacks on what the app's role may do, besides reading and writing rows. */
export const rightAttacks: readonly SqlAttack[] = [
  refused('become the owner', [`set local role ${ROLES.owner}`]),
  refused('truncate a table', ['truncate task']),
  refused('make a table in the placement', ['create table mine (id int)']),
  refused('make a temporary table', ['create temporary table mine (id int)']),
  refused('switch row security off', ['alter table member disable row level security']),
  refused('drop the policy', ['drop policy tenant_isolation on member']),
  refused('read as if there were no row security', [
    'set local row_security = off',
    'select 1 from member limit 1',
  ]),
  refused('read a file of the server', [`select pg_read_file('PG_VERSION')`]),
  refused('run a program on the server', [`copy (select 1) to program 'true'`]),
  refused('read the ledger of migrations', ['select 1 from catalog.migration']),
  {
    attack: 'read without a tenant',
    statements: [
      { sql: `select set_config('${TENANT_SETTING}', '', true)` },
      { sql: 'select 1 from member limit 1' },
    ],
    must: { fail: ['22P02', '42704'] },
  },
  {
    attack: 'read other tenants in the catalog',
    statements: [
      {
        sql: 'select count(*)::int as hit from catalog.tenant where id <> ?',
        parameters: [attacker.id],
      },
    ],
    must: 'hit-nothing',
  },
  ...[memberOf(victim).id, NOBODYS].map((assignee): SqlAttack => ({
    attack: `refer to a member that ${assignee === NOBODYS ? 'nobody' : 'the other'} has`,
    statements: [
      {
        sql: 'update task set assignee_id = ? where tenant_id = ?',
        parameters: [assignee, attacker.id],
      },
    ],
    // The same for both: what the other has cannot be told from what is not there.
    must: { fail: ['23503'] },
  })),
];

function refused(attack: string, statements: readonly string[]): SqlAttack {
  return {
    attack,
    statements: statements.map((sql) => ({ sql })),
    must: { fail: ['42501'] },
  };
}
