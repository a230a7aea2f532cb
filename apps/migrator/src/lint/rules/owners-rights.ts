import { statementsOf } from '../migration-facts.ts';
import { allOf, as, nameOf } from '../tree.ts';
import type { Rule } from './rule.ts';

/** What the owner may do goes around row security: whoever calls such a function may do it too. */
export const securityDefiner: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) => {
    const made = statementsOf('CreateFunctionStmt', migration).map(({ held, sql }) => ({
      options: held.options,
      sql,
    }));
    const altered = statementsOf('AlterFunctionStmt', migration).map(({ held, sql }) => ({
      options: held.actions,
      sql,
    }));
    return [...made, ...altered]
      .filter(({ options }) =>
        allOf('DefElem', options).some(
          ({ defname, arg }) => defname === 'security' && as('Boolean', arg)?.boolval,
        ),
      )
      .map(({ sql }) => ({
        message:
          'The function runs with the rights of its owner, whom row security does not bind: leave it security invoker.',
        statement: sql,
      }));
  },
};

/** What a rule adds to a statement, or does in its place, is done with the rights of the table's owner. */
export const rewriteRule: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) =>
    statementsOf('RuleStmt', migration).map(({ held, sql }) => ({
      message: `The rule ${held.rulename ?? ''} of ${nameOf(held.relation)} acts with its owner's rights: make it a trigger, which acts with the caller's.`,
      statement: sql,
    })),
};
