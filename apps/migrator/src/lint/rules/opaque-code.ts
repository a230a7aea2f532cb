import type { CreateFunctionStmt } from 'libpg-query';
import { statementsOf } from '../migration-facts.ts';
import { allOf } from '../tree.ts';
import { settingsChangedBy } from './changed-settings.ts';
import type { Problem, Rule } from './rule.ts';

/** What is in a string, no rule can look into: somebody has to say that they did. */
export const opaqueCode: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) => [
    ...statementsOf('DoStmt', migration).map(({ sql }) => problem(sql)),
    ...statementsOf('CreateFunctionStmt', migration)
      .filter(({ held }) => isText(held))
      .map(({ sql }) => problem(sql)),
    ...migration.statements
      .filter(({ node }) => settingsChangedBy(node).includes(null))
      .map(({ sql }) => ({ message: UNKNOWN_SETTING, statement: sql })),
  ],
};

const UNKNOWN_SETTING =
  'Lint does not know which setting it changes: name it in a text, or leave it to the runner.';

function isText({ options }: CreateFunctionStmt): boolean {
  return allOf('DefElem', options).some(({ defname }) => defname === 'as');
}

function problem(statement: string): Problem {
  return {
    message:
      'Lint does not read code in a string: write plain statements, or a function with begin atomic; else say why it names no schema and keeps tenants apart.',
    statement,
  };
}
