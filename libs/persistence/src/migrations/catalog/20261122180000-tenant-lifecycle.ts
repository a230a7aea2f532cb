import { SchemaMigration } from '../schema-migration.ts';

export class TenantLifecycle extends SchemaMigration {
  override readonly kind = 'expand';
  override readonly accepts = {
    'ban-drop-not-null':
      'only deleted tenants have no placement, and nothing deletes any before the new version runs',
    'require-concurrent-index-creation': 'the table has one row for each tenant',
    'constraint-missing-not-valid': 'the table has one row for each tenant',
  };

  override up(): void {
    this.addSql(
      `create table "catalog"."tenant_operation" ("id" uuid not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "tenant_id" uuid not null, "kind" text not null, "step" text null, "status" text not null default 'pending', "attempts" int not null default 0, "error" text null, "due_at" timestamptz null, "report" jsonb not null, primary key ("id"));`,
    );
    this.addSql(
      `create index "tenant_operation_tenant_idx" on "catalog"."tenant_operation" ("tenant_id", "id");`,
    );
    this.addSql(
      `create unique index "tenant_operation_open_key" on "catalog"."tenant_operation" ("tenant_id") where "status" <> 'done';`,
    );

    this.addSql(`alter table "catalog"."tenant" drop constraint "tenant_domain_key";`);
    this.addSql(`alter table "catalog"."tenant" drop constraint "tenant_slug_key";`);
    this.addSql(`alter table "catalog"."tenant" drop constraint "tenant_status_check";`);
    this.addSql(`alter table "catalog"."tenant" alter column "placement_id" drop not null;`);
    this.addSql(
      `create unique index "tenant_domain_key" on "catalog"."tenant" ("domain") where "status" <> 'deleted';`,
    );
    this.addSql(
      `create unique index "tenant_slug_key" on "catalog"."tenant" ("slug") where "status" <> 'deleted';`,
    );
    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_status_check" check ("status" in ('provisioning', 'active', 'suspended', 'archived', 'deleted'));`,
    );

    this.addSql(
      `alter table "catalog"."tenant_operation" add constraint "tenant_operation_tenant_id_foreign" foreign key ("tenant_id") references "catalog"."tenant" ("id") on update no action on delete cascade;`,
    );
    this.addSql(
      `alter table "catalog"."tenant_operation" add constraint "tenant_operation_kind_check" check ("kind" in ('provision', 'delete'));`,
    );
    this.addSql(
      `alter table "catalog"."tenant_operation" add constraint "tenant_operation_step_check" check ("step" in ('catalog', 'role', 'schema', 'migrations', 'seed', 'active', 'rows', 'placement', 'deleted'));`,
    );
    this.addSql(
      `alter table "catalog"."tenant_operation" add constraint "tenant_operation_status_check" check ("status" in ('pending', 'done', 'failed'));`,
    );
    this.addSql(`alter table "catalog"."tenant_operation" enable row level security;`);
    this.addSql(`alter table "catalog"."tenant_operation" force row level security;`);
    this.addSql(
      `create policy "operator" on "catalog"."tenant_operation" to "tenantry_operator" using (true) with check (true);`,
    );

    this.addSql(
      `grant select, insert, update on "catalog"."tenant_operation" to "tenantry_operator";`,
    );
    // Tenants that were left in the middle by the version before: they are to be completed too.
    this.addSql(
      `insert into "catalog"."tenant_operation" ("id", "created_at", "updated_at", "tenant_id", "kind", "step", "report") select gen_random_uuid(), now(), now(), "id", 'provision', 'catalog', '{}' from "catalog"."tenant" where "status" = 'provisioning';`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists "catalog"."tenant_operation" cascade;`);

    this.addSql(`drop index "catalog"."tenant_slug_key";`);
    this.addSql(`drop index "catalog"."tenant_domain_key";`);
    this.addSql(`alter table "catalog"."tenant" drop constraint "tenant_status_check";`);
    this.addSql(`alter table "catalog"."tenant" alter column "placement_id" set not null;`);
    this.addSql(`alter table "catalog"."tenant" add constraint "tenant_slug_key" unique ("slug");`);
    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_domain_key" unique ("domain");`,
    );
    this.addSql(
      `alter table "catalog"."tenant" add constraint "tenant_status_check" check ("status" in ('provisioning', 'active', 'suspended'));`,
    );
  }
}
