import { SchemaMigration } from '../schema-migration.ts';

export class Seeds extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "catalog"."seed" ("target" text not null, "seeder" text not null, "version" int not null, "checksum" text not null, "items" jsonb not null, "applied_at" timestamptz not null default now(), primary key ("target", "seeder"));`,
    );

    this.addSql(
      `create table "catalog"."installation" ("only" boolean not null default true, "production_since" timestamptz not null, primary key ("only"));`,
    );

    this.addSql(`alter table "catalog"."seed" enable row level security;`);
    this.addSql(`alter table "catalog"."seed" force row level security;`);
    this.addSql(
      `create policy "seed_of_the_tenant" on "catalog"."seed" to "tenantry_tenant" using (target = current_setting('app.tenant_id')) with check (target = current_setting('app.tenant_id'));`,
    );
    this.addSql(
      `create policy "operator" on "catalog"."seed" to "tenantry_operator" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "reader" on "catalog"."seed" for select to "tenantry_reader" using (true);`,
    );

    this.addSql(
      `alter table "catalog"."installation" add constraint "installation_only_check" check ("only");`,
    );

    // A seeder records itself in the transaction of its data, in whose scope that is.
    this.addSql(
      `grant select, insert, update, delete on "catalog"."seed" to "tenantry_tenant", "tenantry_operator";`,
    );
    this.addSql(`grant select on "catalog"."seed" to "tenantry_reader";`);
    this.addSql(
      `grant select on "catalog"."installation" to "tenantry_operator", "tenantry_reader";`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists "catalog"."seed" cascade;`);
    this.addSql(`drop table if exists "catalog"."installation" cascade;`);
  }
}
