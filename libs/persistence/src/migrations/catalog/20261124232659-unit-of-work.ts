import { SchemaMigration } from '../schema-migration.ts';

export class UnitOfWork extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "catalog"."commit_marker" ("id" uuid not null, "fenced" boolean not null default true, "created_at" timestamptz not null default now(), primary key ("id"));`,
    );

    this.addSql(`alter table "catalog"."commit_marker" enable row level security;`);
    this.addSql(`alter table "catalog"."commit_marker" force row level security;`);
    this.addSql(
      `create policy "operator" on "catalog"."commit_marker" to "tenantry_operator" using (true) with check (true);`,
    );
    this.addSql(`grant select, insert on "catalog"."commit_marker" to "tenantry_operator";`);
  }

  override down(): void {
    this.addSql(`drop table if exists "catalog"."commit_marker" cascade;`);
  }
}
