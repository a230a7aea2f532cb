import { alterations, statementsOf } from '../migration-facts.ts';
import type { ParsedMigration } from '../parsed-migration.ts';
import { allOf, as } from '../tree.ts';
import type { Rule } from './rule.ts';

/**
 * What the server refuses in a transaction. squawk has a rule for indexes, which a migration of one statement does not
 * break: here that is in a transaction too.
 */
export const notInTransaction: Rule = {
  lists: ['catalog', 'tenant'],
  check: (migration) =>
    migration.isTransactional
      ? outsideOnly(migration).map((statement) => ({
          message:
            'The server refuses it in a transaction, as which this migration is run: give it a migration of its own that is none.',
          statement,
        }))
      : [],
};

function outsideOnly(migration: ParsedMigration): string[] {
  const indexes = [
    ...statementsOf('IndexStmt', migration),
    ...statementsOf('DropStmt', migration),
  ].filter(({ held }) => held.concurrent);
  const reindexes = statementsOf('ReindexStmt', migration).filter(({ held }) =>
    allOf('DefElem', held.params).some(({ defname }) => defname === 'concurrently'),
  );
  const vacuums = statementsOf('VacuumStmt', migration).filter(({ held }) => held.is_vacuumcmd);
  const detached = alterations(migration).filter(
    ({ command }) => as('PartitionCmd', command.def)?.concurrent,
  );
  return [...indexes, ...reindexes, ...vacuums, ...detached].map(({ sql }) => sql);
}
