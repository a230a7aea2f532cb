import type { GrantStmt } from 'libpg-query';
import { statementsOf } from '../migration-facts.ts';
import { allOf } from '../tree.ts';
import type { Rule } from './rule.ts';

/** TRUNCATE empties a table for all tenants: policies have no say in it. */
export const truncateGrant: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) => {
    const byDefault = statementsOf('AlterDefaultPrivilegesStmt', migration).map(
      ({ held, sql }) => ({ grant: held.action, sql }),
    );
    return [
      ...statementsOf('GrantStmt', migration).map(({ held, sql }) => ({ grant: held, sql })),
      ...byDefault,
    ]
      .filter(({ grant }) => grant !== undefined && givesTruncate(grant))
      .map(({ sql }) => ({
        message:
          'It grants TRUNCATE, which row security does not stop: name the rights without it.',
        statement: sql,
      }));
  },
};

function givesTruncate({ is_grant, objtype, privileges }: GrantStmt): boolean {
  const names = allOf('AccessPriv', privileges).map(({ priv_name }) => priv_name);
  // No names are all of them.
  return (
    is_grant === true &&
    objtype === 'OBJECT_TABLE' &&
    (names.length === 0 || names.includes('truncate'))
  );
}
