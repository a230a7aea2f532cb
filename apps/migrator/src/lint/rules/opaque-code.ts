import type { CreateFunctionStmt } from 'libpg-query';
import { statementsOf } from '../migration-facts.ts';
import { allOf } from '../tree.ts';
import type { Rule } from './rule.ts';

/** What is in a string, no rule can look into: somebody has to say that they did. */
export const opaqueCode: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) => [
    ...statementsOf('DoStmt', migration).map(({ sql }) => problem(sql)),
    ...statementsOf('CreateFunctionStmt', migration)
      .filter(({ held }) => isText(held))
      .map(({ sql }) => problem(sql)),
  ],
};

function isText({ options }: CreateFunctionStmt): boolean {
  return allOf('DefElem', options).some(({ defname }) => defname === 'as');
}

function problem(statement: string): { message: string; statement: string } {
  return {
    message:
      'Lint does not read code in a string: write plain statements, or a function with begin atomic; else say why it names no schema and keeps tenants apart.',
    statement,
  };
}
