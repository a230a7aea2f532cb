import { SchemaMigration } from '../schema-migration.ts';

export class ValidateMemberEmailLower extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(`alter table "member" validate constraint "member_email_lower_check";`);
  }

  override down(): void {
    this.addSql(`alter table "member" drop constraint "member_email_lower_check";`);
    this.addSql(
      `alter table "member" add constraint "member_email_lower_check" check ("email_lower" = lower("email")) not valid;`,
    );
  }
}
