import { SchemaMigration } from '../schema-migration.ts';

export class TaskProjectIndex extends SchemaMigration {
  override readonly kind = 'expand';

  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql(
      `create index concurrently "task_project_idx" on "task" ("tenant_id", "project_id", "id");`,
    );
  }

  override down(): void {
    this.addSql(`drop index concurrently "task_project_idx";`);
  }
}
