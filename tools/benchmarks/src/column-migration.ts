import { type ListedMigration, SchemaMigration } from '@tenantry/persistence';

/** The change that is most usual: a column more in one table. @param number of several such changes, from 0 on */
export function oneColumn(number: number): string {
  return `alter table "project" add "due${number}" date null`;
}

export function columnMigration(number: number): ListedMigration {
  return {
    name: `9999010100000${number}-one-column`,
    class: class OneColumn extends SchemaMigration {
      override readonly kind = 'expand';

      override up(): void {
        this.addSql(oneColumn(number));
      }
    },
  };
}
