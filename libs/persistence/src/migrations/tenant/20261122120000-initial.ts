import { SchemaMigration } from '../schema-migration.ts';

export class Initial extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql(
      `create table "member" ("tenant_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "email" text not null, "name" text not null, primary key ("tenant_id", "id"));`,
    );
    this.addSql(
      `create unique index "member_email_key" on "member" ("tenant_id", lower("email"));`,
    );

    this.addSql(
      `create table "project" ("tenant_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "key" text not null, "name" text not null, "description" text not null, "status" text not null, "archived_at" timestamptz null, "settings" jsonb not null, "version" int not null default 1, "last_task_number" int not null, "open_task_count" int not null, "search" tsvector generated always as (setweight(to_tsvector('simple', key), 'A') || setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', description), 'B')) stored null, primary key ("tenant_id", "id"));`,
    );
    this.addSql(
      `create index "project_not_archived_idx" on "project" ("tenant_id", "id") where "archived_at" is null;`,
    );
    this.addSql(`create index "project_search_idx" on "project" using gin ("search");`);
    this.addSql(
      `alter table "project" add constraint "project_key_key" unique ("tenant_id", "key");`,
    );

    this.addSql(
      `create table "task" ("tenant_id" uuid not null, "id" uuid not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "project_id" uuid not null, "number" int not null, "title" text not null, "status" text not null, "assignee_id" uuid null, "labels" text[] not null, "search" tsvector generated always as (setweight(to_tsvector('simple', title), 'A')) stored null, primary key ("tenant_id", "id"));`,
    );
    this.addSql(`create index "task_assignee_idx" on "task" ("tenant_id", "assignee_id");`);
    this.addSql(`create index "task_labels_idx" on "task" using gin ("labels");`);
    this.addSql(`create index "task_search_idx" on "task" using gin ("search");`);
    this.addSql(
      `alter table "task" add constraint "task_number_key" unique ("tenant_id", "project_id", "number");`,
    );

    this.addSql(`alter table "member" enable row level security;`);
    this.addSql(`alter table "member" force row level security;`);
    this.addSql(
      `create policy "tenant_isolation" on "member" using (tenant_id = current_setting('app.tenant_id')::uuid) with check (tenant_id = current_setting('app.tenant_id')::uuid);`,
    );

    this.addSql(
      `alter table "project" add constraint "project_status_check" check ("status" in ('active', 'on-hold', 'completed'));`,
    );
    this.addSql(`alter table "project" enable row level security;`);
    this.addSql(`alter table "project" force row level security;`);
    this.addSql(
      `create policy "tenant_isolation" on "project" using (tenant_id = current_setting('app.tenant_id')::uuid) with check (tenant_id = current_setting('app.tenant_id')::uuid);`,
    );

    this.addSql(
      `alter table "task" add constraint "task_project_fkey" foreign key ("tenant_id", "project_id") references "project" ("tenant_id", "id") on update no action on delete cascade;`,
    );
    this.addSql(
      `alter table "task" add constraint "task_assignee_fkey" foreign key ("tenant_id", "assignee_id") references "member" ("tenant_id", "id") on update no action on delete no action;`,
    );
    this.addSql(
      `alter table "task" add constraint "task_status_check" check ("status" in ('open', 'in-progress', 'done'));`,
    );
    this.addSql(`alter table "task" enable row level security;`);
    this.addSql(`alter table "task" force row level security;`);
    this.addSql(
      `create policy "tenant_isolation" on "task" using (tenant_id = current_setting('app.tenant_id')::uuid) with check (tenant_id = current_setting('app.tenant_id')::uuid);`,
    );
  }

  override down(): void {
    this.addSql(`alter table "task" drop constraint "task_assignee_fkey";`);
    this.addSql(`alter table "task" drop constraint "task_project_fkey";`);

    this.addSql(`drop table if exists "member" cascade;`);
    this.addSql(`drop table if exists "project" cascade;`);
    this.addSql(`drop table if exists "task" cascade;`);
  }
}
