import { type CreatePolicyStmt, type Node, parseSync } from 'libpg-query';
import { OUTBOX, OWN_ROWS, ROLES } from '@tenantry/persistence';
import { goneTables, madeTables, statementsOf } from '../migration-facts.ts';
import type { ParsedMigration } from '../parsed-migration.ts';
import { allOf, as, isSame, nameOf, textsIn } from '../tree.ts';
import type { Problem, Rule } from './rule.ts';

/** The name that the mapping gives it. */
const POLICY = 'tenant_isolation';
const REMEDY = `create policy ${POLICY} on … using (${OWN_ROWS}) with check (${OWN_ROWS})`;

/** Each table has one policy that gives rights, and that is the strict one: others would add to it. */
export const policy: Rule = {
  lists: ['tenant'],
  check: (migration) => [
    ...tablesLeftWithout(migration),
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

/** Tables that are left with another number of strict policies than one, which those that are there already have. */
function tablesLeftWithout(migration: ParsedMigration): Problem[] {
  const changes = [
    ...madeTables(migration).map(({ table, sql }) => ({ table, sql, by: -1 })),
    ...tablesOfDroppedPolicies(migration).map((dropped) => ({ ...dropped, by: -1 })),
    ...statementsOf('CreatePolicyStmt', migration)
      .filter(({ held }) => isStrict(held))
      .map(({ held, sql }) => ({ table: nameOf(held.table), sql, by: 1 })),
  ];
  const gone = goneTables(migration);
  return [...Map.groupBy(changes, ({ table }) => table)]
    .filter(([table]) => !gone.has(table))
    .filter(([, ofTable]) => ofTable.reduce((sum, { by }) => sum + by, 0) !== 0)
    .map(([table, ofTable]) => ({
      message: `The table ${table} is not left with the one policy that it has to have: ${REMEDY}.`,
      statement: ofTable[0]?.sql ?? '',
    }));
}

function tablesOfDroppedPolicies(migration: ParsedMigration): { table: string; sql: string }[] {
  return statementsOf('DropStmt', migration)
    .filter(({ held }) => held.removeType === 'OBJECT_POLICY')
    .flatMap(({ held, sql }) =>
      allOf('List', held.objects)
        .map(({ items }) => textsIn(items))
        .filter((parts) => parts.at(-1) === POLICY)
        .map((parts) => ({ table: parts.slice(0, -1).join('.'), sql })),
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
