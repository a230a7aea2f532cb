import { SchemaMigration } from '../schema-migration.ts';

export class MemberEmailLower extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(`alter table "member" add "email_lower" text null;`);
    // Older builds leave it empty, which the check allows; nobody changes one without the other.
    this.addSql(
      `alter table "member" add constraint "member_email_lower_check" check ("email_lower" = lower("email")) not valid;`,
    );
  }

  override down(): void {
    this.addSql(`alter table "member" drop column "email_lower";`);
  }
}
