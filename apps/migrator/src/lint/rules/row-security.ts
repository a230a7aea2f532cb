import type { AlterTableType } from 'libpg-query';
import { alterations, goneTables, madeTables } from '../migration-facts.ts';
import type { Problem, Rule } from './rule.ts';

/** Row security is on, whatever the migration does in between. */
export const rowSecurity = switchedOn({
  on: 'AT_EnableRowSecurity',
  off: 'AT_DisableRowSecurity',
  says: 'has no row security',
  sql: 'enable row level security',
});

/** Row security is for the owner of the tables too. */
export const rowSecurityForced = switchedOn({
  on: 'AT_ForceRowSecurity',
  off: 'AT_NoForceRowSecurity',
  says: 'has row security that does not bind its owner',
  sql: 'force row level security',
});

interface Switch {
  readonly on: AlterTableType;
  readonly off: AlterTableType;
  readonly says: string;
  readonly sql: string;
}

/** Of the last `on` or `off` for each table: what is made begins as off, what is there already as on. */
function switchedOn({ on, off, says, sql: remedy }: Switch): Rule {
  return {
    lists: ['tenant'],
    check: (migration) => {
      const offAt = new Map(madeTables(migration).map(({ table, sql }) => [table, sql]));
      for (const { table, command, sql } of alterations(migration)) {
        if (command.subtype === on) {
          offAt.delete(table);
        } else if (command.subtype === off) {
          offAt.set(table, sql);
        }
      }
      const gone = goneTables(migration);
      return [...offAt]
        .filter(([table]) => !gone.has(table))
        .map(([table, statement]): Problem => ({
          message: `The table ${table} ${says}: alter table ${table} ${remedy}.`,
          statement,
        }));
    },
  };
}
