import { type ListedMigration, SchemaMigration } from '@tenantry/persistence';

/** The change that is most usual: a column more in one table. */
export function oneColumn(name: string): string {
  return `alter table "project" add "${name}" date null`;
}

/** @param number of several such changes, from 0 on */
export function columnMigration(number: number): ListedMigration {
  return {
    name: `9999010100000${number}-one-column`,
    class: class OneColumn extends SchemaMigration {
      override readonly kind = 'expand';

      override up(): void {
        this.addSql(oneColumn(`due${number}`));
      }
    },
  };
}
