import { type CreatePolicyStmt, type Node, parseSync } from 'libpg-query';
import { OUTBOX, OWN_ROWS, ROLES } from '@tenantry/persistence';
import { madeTables, statementsOf } from '../migration-facts.ts';
import type { ParsedMigration } from '../parsed-migration.ts';
import { allOf, as, isSame, nameOf, textsIn } from '../tree.ts';
import type { Problem, Rule } from './rule.ts';

const REMEDY = `create policy tenant_isolation on … using (${OWN_ROWS}) with check (${OWN_ROWS})`;

/** Each table has one policy that gives rights, and that is the strict one: others would add to it. */
export const policy: Rule = {
  lists: ['tenant'],
  check: (migration) => [
    ...tablesWithout(migration),
    ...statementsOf('CreatePolicyStmt', migration)
      .filter(({ held }) => held.permissive && !isStrict(held) && !isForTheRelay(held))
      .map(({ held, sql }) => notStrict(nameOf(held.table), held.policy_name, sql)),
    ...statementsOf('AlterPolicyStmt', migration).map(({ held, sql }) =>
      notStrict(nameOf(held.table), held.policy_name, sql),
    ),
  ],
};

function notStrict(table: string, name = '', statement: string): Problem {
  return {
    message: `The policy ${name} of ${table} is not the strict one, and policies add up: ${REMEDY}.`,
    statement,
  };
}

/** Tables that are left with no policy, or with more than one that is strict. */
function tablesWithout(migration: ParsedMigration): Problem[] {
  const strict = statementsOf('CreatePolicyStmt', migration)
    .filter(({ held }) => isStrict(held))
    .map(({ held }) => nameOf(held.table));
  return [...madeTables(migration), ...tablesOfDroppedPolicies(migration)]
    .filter(({ table }) => strict.filter((each) => each === table).length !== 1)
    .map(({ table, sql }) => ({
      message: `The table ${table} is not left with the one policy that it has to have: ${REMEDY}.`,
      statement: sql,
    }));
}

function tablesOfDroppedPolicies(migration: ParsedMigration): { table: string; sql: string }[] {
  return statementsOf('DropStmt', migration)
    .filter(({ held }) => held.removeType === 'OBJECT_POLICY')
    .flatMap(({ held, sql }) =>
      allOf('List', held.objects).map(({ items }) => ({
        table: textsIn(items).slice(0, -1).join('.'),
        sql,
      })),
    );
}

function isStrict({ permissive, cmd_name, roles, qual, with_check }: CreatePolicyStmt): boolean {
  const isForAll = allOf('RoleSpec', roles).every(({ roletype }) => roletype === 'ROLESPEC_PUBLIC');
  const expected = strictExpression();
  return (
    permissive === true &&
    cmd_name === 'all' &&
    isForAll &&
    isSame(qual, expected) &&
    isSame(with_check, expected)
  );
}

/** It looks for events of all tenants, of which its grants keep from it what is in them. */
function isForTheRelay({ table, cmd_name, roles }: CreatePolicyStmt): boolean {
  const names = allOf('RoleSpec', roles).map(({ rolename }) => rolename);
  return nameOf(table) === OUTBOX && cmd_name === 'select' && names.join() === ROLES.relay;
}

function strictExpression(): Node | undefined {
  const [select] = parseSync(`select ${OWN_ROWS}`).stmts ?? [];
  const [target] = as('SelectStmt', select?.stmt)?.targetList ?? [];
  return as('ResTarget', target)?.val;
}
