import { SchemaMigration } from '../schema-migration.ts';

export class WarmPlacements extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "catalog"."warm_placement" ("placement_id" uuid not null, "created_at" timestamptz not null default now(), primary key ("placement_id"));`,
    );
    this.addSql(
      `alter table "catalog"."warm_placement" add constraint "warm_placement_placement_id_foreign" foreign key ("placement_id") references "catalog"."placement" ("id") on update no action on delete no action;`,
    );

    this.addSql(`alter table "catalog"."warm_placement" enable row level security;`);
    this.addSql(`alter table "catalog"."warm_placement" force row level security;`);
    this.addSql(
      `create policy "operator" on "catalog"."warm_placement" for select to "tenantry_operator" using (true);`,
    );
    this.addSql(
      `create policy "reader" on "catalog"."warm_placement" for select to "tenantry_reader" using (true);`,
    );

    // Nobody of the app takes from the pool, and nobody brings anything back.
    this.addSql(
      `grant select on "catalog"."warm_placement" to "tenantry_operator", "tenantry_reader";`,
    );
  }

  override down(): void {
    this.addSql(`drop table if exists "catalog"."warm_placement" cascade;`);
  }
}
