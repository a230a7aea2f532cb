import { SchemaMigration } from '../schema-migration.ts';

export class ExpandContract extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "catalog"."backfill_progress" ("target" text not null, "name" text not null, "tenant_id" uuid not null, "row_id" uuid not null, "changed" bigint not null, "started_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("target", "name"));`,
    );

    this.addSql(
      `create table "catalog"."heartbeat" ("id" uuid not null, "contracts" text[] not null, "seen_at" timestamptz not null default now(), "counts_until" timestamptz not null, primary key ("id"));`,
    );

    this.addSql(`alter table "catalog"."migration" add "kind" text not null default 'expand';`);

    this.addSql(
      `grant select on "catalog"."backfill_progress" to "tenantry_operator", "tenantry_reader";`,
    );
    this.addSql(`grant select on "catalog"."heartbeat" to "tenantry_operator";`);
    // A process says of itself that it is there, in the scope in which it looks around.
    this.addSql(
      `grant select, insert, update, delete on "catalog"."heartbeat" to "tenantry_reader";`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists "catalog"."backfill_progress" cascade;`);
    this.addSql(`drop table if exists "catalog"."heartbeat" cascade;`);

    this.addSql(`alter table "catalog"."migration" drop column "kind";`);
  }
}
