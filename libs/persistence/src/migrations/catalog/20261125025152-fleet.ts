import { SchemaMigration } from '../schema-migration.ts';

export class Fleet extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "catalog"."migration_failure" ("target" text not null, "run_id" uuid not null, "step" text null, "sql_state" text null, "attempts" int not null, "failed_at" timestamptz not null default now(), primary key ("target"));`,
    );

    this.addSql(
      `alter table "catalog"."migration" add "checksum" text null, add "duration_ms" int null, add "run_id" uuid null;`,
    );

    this.addSql(
      `grant select on "catalog"."migration_failure" to "tenantry_operator", "tenantry_reader";`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists "catalog"."migration_failure" cascade;`);

    this.addSql(
      `alter table "catalog"."migration" drop column "checksum", drop column "duration_ms", drop column "run_id";`,
    );
  }
}
