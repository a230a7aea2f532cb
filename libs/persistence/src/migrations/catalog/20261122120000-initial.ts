import { SchemaMigration } from '../schema-migration.ts';

export class Initial extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(`create schema if not exists "catalog";`);
    this.addSql(
      `create table "catalog"."migration" ("target" text not null, "name" text not null, "applied_at" timestamptz not null default now(), primary key ("target", "name"));`,
    );

    this.addSql(
      `create table "catalog"."placement" ("id" uuid not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "isolation" text not null, "schema_name" text not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "catalog"."placement" add constraint "placement_schema_name_key" unique ("schema_name");`,
    );

    this.addSql(
      `create table "catalog"."tenant" ("id" uuid not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "slug" text not null, "name" text not null, "domain" text null, "status" text not null, "plan" text not null, "features" jsonb not null, "configuration" jsonb not null, "placement_id" uuid not null, primary key ("id"));`,
    );
    this.addSql(`alter table "catalog"."tenant" add constraint "tenant_slug_key" unique ("slug");`);
    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_domain_key" unique ("domain");`,
    );

    this.addSql(
      `alter table "catalog"."placement" add constraint "placement_isolation_check" check ("isolation" in ('shared', 'schema'));`,
    );

    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_placement_id_foreign" foreign key ("placement_id") references "catalog"."placement" ("id") on update no action on delete no action;`,
    );
    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_status_check" check ("status" in ('provisioning', 'active', 'suspended'));`,
    );
    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_plan_check" check ("plan" in ('free', 'team', 'enterprise'));`,
    );
    this.addSql(`alter table "catalog"."placement" enable row level security;`);
    this.addSql(`alter table "catalog"."placement" force row level security;`);
    this.addSql(
      `create policy "placement_of_the_tenant" on "catalog"."placement" for select to "tenantry_tenant" using (schema_name = current_schema());`,
    );
    this.addSql(
      `create policy "operator" on "catalog"."placement" to "tenantry_operator" using (true) with check (true);`,
    );
    this.addSql(`alter table "catalog"."tenant" enable row level security;`);
    this.addSql(`alter table "catalog"."tenant" force row level security;`);
    this.addSql(
      `create policy "tenant_itself" on "catalog"."tenant" for select to "tenantry_tenant" using (id = current_setting('app.tenant_id')::uuid);`,
    );
    this.addSql(
      `create policy "operator" on "catalog"."tenant" to "tenantry_operator" using (true) with check (true);`,
    );

    this.addSql(`grant usage on schema "catalog" to "tenantry_tenant", "tenantry_operator";`);
    this.addSql(`grant select on "catalog"."tenant", "catalog"."placement" to "tenantry_tenant";`);
    this.addSql(
      `grant select, insert, update, delete on "catalog"."tenant" to "tenantry_operator";`,
    );
    this.addSql(`grant select, insert on "catalog"."placement" to "tenantry_operator";`);
    this.addSql(`grant select on "catalog"."migration" to "tenantry_operator";`);

    this.addSql(
      `insert into "catalog"."placement" ("id", "created_at", "updated_at", "isolation", "schema_name") values (gen_random_uuid(), now(), now(), 'shared', 'shared');`,
    );
  }

  override down(): void {
    this.addSql(`alter table "catalog"."tenant" drop constraint "tenant_placement_id_foreign";`);

    this.addSql(`drop table if exists "catalog"."migration" cascade;`);
    this.addSql(`drop table if exists "catalog"."placement" cascade;`);
    this.addSql(`drop table if exists "catalog"."tenant" cascade;`);

    this.addSql(`drop schema if exists "catalog";`);
  }
}
