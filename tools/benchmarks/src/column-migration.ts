import { type ListedMigration, SchemaMigration } from '@tenantry/persistence';

/** The change that is most usual: a column more in one table. */
export const ONE_COLUMN = 'alter table "project" add "due" date null';

export const columnMigration: ListedMigration = {
  name: '99990101000000-one-column',
  class: class OneColumn extends SchemaMigration {
    override readonly kind = 'expand';

    override up(): void {
      this.addSql(ONE_COLUMN);
    }
  },
};
