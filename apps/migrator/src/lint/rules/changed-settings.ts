import type { FuncCall, Node, UpdateStmt } from 'libpg-query';
import { allOf, as, type Branch, branches, nameOf, textsIn } from '../tree.ts';

/**
 * The settings that a statement changes, or has changed later by what it makes; `null` for one whose name is worked out by the
 * server. With `from current` they stay what the runner has made them.
 */
export function settingsChangedBy(node: Node): (string | null)[] {
  return [...branches(node)].flatMap(({ key, value }) => [
    ...bySet(value),
    ...(key === 'FuncCall' ? byCall(value) : []),
    ...(key === 'UpdateStmt' ? byUpdate(value) : []),
  ]);
}

function bySet({ kind, name }: Branch['value']): string[] {
  const isSet = typeof kind === 'string' && kind.startsWith('VAR_') && kind !== 'VAR_SET_CURRENT';
  return isSet && typeof name === 'string' ? [name.toLowerCase()] : [];
}

function byCall({ funcname, args }: FuncCall): (string | null)[] {
  if (textsIn(funcname).at(-1) !== 'set_config') {
    return [];
  }
  const named = allOf('NamedArgExpr', args).find(({ name }) => name === 'setting_name');
  return [textOf(named?.arg ?? args?.[0])?.toLowerCase() ?? null];
}

/** The view of all settings sets what is written to it. */
function byUpdate({ relation }: UpdateStmt): null[] {
  return nameOf(relation).split('.').at(-1) === 'pg_settings' ? [null] : [];
}

/** A text as it was written, with a cast or without; `undefined` for anything else. */
function textOf(node: Node | undefined): string | undefined {
  const cast = as('TypeCast', node);
  return cast ? textOf(cast.arg) : as('A_Const', node)?.sval?.sval;
}
