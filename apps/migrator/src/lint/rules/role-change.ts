import type { Node } from 'libpg-query';
import { as, type Kind } from '../tree.ts';
import { settingsChangedBy } from './changed-settings.ts';
import type { Rule } from './rule.ts';

/** The runner says as whom a migration runs, for what comes after it too; and the roles are those of the whole server. */
export const roleChange: Rule = {
  lists: ['catalog', 'tenant'],
  check: ({ statements }) =>
    statements.flatMap(({ node, sql }) => {
      const message = messageFor(node);
      return message === undefined ? [] : [{ message, statement: sql }];
    }),
};

function messageFor(node: Node): string | undefined {
  if (isAboutRoles(node)) {
    return 'It changes roles, which all placements of the server have in common: leave them to the migrator, and to who runs the server.';
  }
  return changesWhoRuns(node)
    ? 'It changes as whom statements run, or whether row security holds: the runner says that, leave it away.'
    : undefined;
}

const ABOUT_ROLES: readonly Kind[] = [
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'CreateRoleStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
];

function isAboutRoles(node: Node): boolean {
  return (
    as('RenameStmt', node)?.renameType === 'OBJECT_ROLE' || ABOUT_ROLES.some((kind) => kind in node)
  );
}

const WHO_RUNS: readonly (string | null)[] = ['role', 'session_authorization', 'row_security'];

function changesWhoRuns(node: Node): boolean {
  return (
    as('VariableSetStmt', node)?.kind === 'VAR_RESET_ALL' ||
    as('DiscardStmt', node)?.target === 'DISCARD_ALL' ||
    settingsChangedBy(node).some((setting) => WHO_RUNS.includes(setting))
  );
}
