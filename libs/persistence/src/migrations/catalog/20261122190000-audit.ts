import { SchemaMigration } from '../schema-migration.ts';

export class Audit extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "catalog"."audit" ("id" uuid not null default gen_random_uuid(), "at" timestamptz not null default now(), "reason" text not null, "login" text not null default session_user, primary key ("id"));`,
    );
    this.addSql(`create index "audit_at_idx" on "catalog"."audit" ("at");`);
    this.addSql(`alter table "catalog"."audit" enable row level security;`);
    this.addSql(`alter table "catalog"."audit" force row level security;`);
    this.addSql(
      `create policy "operator" on "catalog"."audit" to "tenantry_operator" using (true) with check (true);`,
    );
    // Nothing in it can be changed or taken away by those whom it is about.
    this.addSql(`grant select, insert on "catalog"."audit" to "tenantry_operator";`);

    for (const table of ['tenant', 'placement', 'tenant_operation']) {
      this.addSql(
        `create policy "reader" on "catalog"."${table}" for select to "tenantry_reader" using (true);`,
      );
      this.addSql(`grant select on "catalog"."${table}" to "tenantry_reader";`);
    }
    this.addSql(`grant usage on schema "catalog" to "tenantry_reader";`);
    this.addSql(`grant select on "catalog"."migration" to "tenantry_reader";`);
  }

  override down(): void {
    this.addSql(`revoke all on all tables in schema "catalog" from "tenantry_reader";`);
    this.addSql(`revoke usage on schema "catalog" from "tenantry_reader";`);
    for (const table of ['tenant', 'placement', 'tenant_operation']) {
      this.addSql(`drop policy "reader" on "catalog"."${table}";`);
    }
    this.addSql(`drop table if exists "catalog"."audit" cascade;`);
  }
}
