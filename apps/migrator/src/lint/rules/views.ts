import type { Node } from 'libpg-query';
import { alterations, statementsOf } from '../migration-facts.ts';
import { allOf, as, nameOf } from '../tree.ts';
import type { Rule } from './rule.ts';

const INVOKER = 'security_invoker';

/** A view reads as its owner unless it says otherwise, and the owner's rights are not the caller's. */
export const view: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) => [
    ...statementsOf('ViewStmt', migration)
      .filter(({ held }) => !isInvoker(held.options))
      .map(({ held, sql }) => problem(nameOf(held.view), sql)),
    ...alterations(migration)
      .filter(({ command }) => takesInvokerAway(command.subtype, command.def))
      .map(({ table, sql }) => problem(table, sql)),
  ],
};

/** Its rows are stored, and belong to no tenant any more. */
export const materializedView: Rule = {
  lists: ['tenant'],
  check: (migration) =>
    statementsOf('CreateTableAsStmt', migration)
      .filter(({ held }) => held.objtype === 'OBJECT_MATVIEW')
      .map(({ held, sql }) => ({
        message: `Row security does not reach ${nameOf(held.into?.rel)}: make it a table with tenant_id and a policy, or a view.`,
        statement: sql,
      })),
};

function problem(name: string, statement: string): { message: string; statement: string } {
  return {
    message: `The view ${name} reads with its owner's rights: say with (${INVOKER} = true).`,
    statement,
  };
}

function takesInvokerAway(subtype: string | undefined, options: Node | undefined): boolean {
  const set = as('List', options)?.items;
  const isNamed = allOf('DefElem', set).some(({ defname }) => defname === INVOKER);
  return (
    isNamed &&
    (subtype === 'AT_ResetRelOptions' || (subtype === 'AT_SetRelOptions' && !isInvoker(set)))
  );
}

const TRUE: readonly (string | undefined)[] = ['true', 'on', 'yes', '1'];

function isInvoker(options: readonly Node[] | undefined): boolean {
  const option = allOf('DefElem', options).find(({ defname }) => defname === INVOKER);
  if (option?.arg === undefined) {
    return option !== undefined;
  }
  const { sval } = as('String', option.arg) ?? {};
  const { ival } = as('Integer', option.arg) ?? {};
  return TRUE.includes(sval?.toLowerCase() ?? String(ival));
}
