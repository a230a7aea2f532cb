import { SchemaMigration } from '../schema-migration.ts';

export class MemberEmailLowerIndex extends SchemaMigration {
  override readonly kind = 'expand';

  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql(
      `create index concurrently "member_email_lower_idx" on "member" ("tenant_id", "email_lower");`,
    );
  }

  override down(): void {
    this.addSql(`drop index concurrently "member_email_lower_idx";`);
  }
}
