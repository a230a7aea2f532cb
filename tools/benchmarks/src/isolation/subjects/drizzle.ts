import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { PlacedTenant } from '@tenantry/persistence';
import pg from 'pg';
import { settingsOf } from '../recipe.ts';
import { type Place, type Row, type Subject, there } from '../subject.ts';

// All of it that is about PostgreSQL has entry points of its own.
const { drizzle } = await import('drizzle-orm/node-postgres');
const { integer, jsonb, pgTable, text, timestamp, uuid } = await import('drizzle-orm/pg-core');

const owned = {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull(),
};
const member = pgTable('member', { ...owned, email: text().notNull(), name: text().notNull() });
const project = pgTable('project', {
  ...owned,
  key: text().notNull(),
  name: text().notNull(),
  description: text().notNull(),
  status: text().notNull(),
  archivedAt: timestamp('archived_at', { withTimezone: true }),
  settings: jsonb().notNull(),
  version: integer().notNull(),
  lastTaskNumber: integer('last_task_number').notNull(),
  openTaskCount: integer('open_task_count').notNull(),
});
const task = pgTable('task', {
  ...owned,
  projectId: uuid('project_id').notNull(),
  number: integer().notNull(),
  title: text().notNull(),
  status: text().notNull(),
  assigneeId: uuid('assignee_id'),
  labels: text().array().notNull(),
});

type Database = ReturnType<typeof drizzle>;
type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Drizzle with row security: a transaction, and `set_config` first in it. */
export function drizzleRecipe({ appUrl, connections }: Place): Subject {
  const pool = new pg.Pool({ connectionString: appUrl, max: connections });
  const database = drizzle(pool);
  const enter = <Result>(
    tenant: PlacedTenant,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> =>
    database.transaction(async (transaction) => {
      const [role, path, id] = settingsOf(tenant);
      await transaction.execute(
        sql`select set_config('role', ${role}, true), set_config('search_path', ${path}, true), set_config('app.tenant_id', ${id}, true)`,
      );
      return work(transaction);
    });
  const keyed = (
    table: typeof member | typeof project,
    tenant: PlacedTenant,
    id: string,
  ): ReturnType<typeof and> => and(eq(table.tenantId, tenant.id), eq(table.id, id));

  return {
    name: 'Drizzle',
    isolated: true,
    countUnfiltered: (tenant) => enter(tenant, (transaction) => transaction.$count(member)),
    flatRead: async (tenant, id) => {
      const { rows } = await enter(tenant, (transaction) =>
        transaction.execute<Row & Record<string, unknown>>(
          sql`select * from member where tenant_id = ${tenant.id} and id = ${id}`,
        ),
      );
      return rows[0];
    },
    readByKey: async (tenant, id) => {
      const rows = await enter(tenant, (transaction) =>
        transaction
          .select()
          .from(member)
          .where(keyed(member, tenant, id)),
      );
      return rows[0];
    },
    page: async (tenant, size) => {
      const rows = await enter(tenant, (transaction) =>
        transaction
          .select()
          .from(member)
          .where(eq(member.tenantId, tenant.id))
          .orderBy(asc(member.id))
          .limit(size + 1),
      );
      return rows.slice(0, size);
    },
    search: async (tenant, word, size) => {
      const rows = await enter(tenant, (transaction) =>
        transaction
          .select()
          .from(project)
          .where(
            and(
              eq(project.tenantId, tenant.id),
              isNull(project.archivedAt),
              sql`search @@ plainto_tsquery('simple', ${word})`,
            ),
          )
          .orderBy(asc(project.id))
          .limit(size + 1),
      );
      return rows.slice(0, size);
    },
    insert: async (tenant, added) => {
      const now = new Date();
      await enter(tenant, (transaction) =>
        transaction
          .insert(member)
          .values({ ...added, tenantId: tenant.id, createdAt: now, updatedAt: now }),
      );
    },
    update: (tenant, { id, name }) =>
      enter(tenant, async (transaction) => {
        const [found] = await transaction
          .select()
          .from(member)
          .where(keyed(member, tenant, id));
        there(found);
        await transaction
          .update(member)
          .set({ name, updatedAt: new Date() })
          .where(keyed(member, tenant, id));
      }),
    unitOfWork: (tenant, { id, name, projectName }) =>
      enter(tenant, async (transaction) => {
        const ofTenant = keyed(project, tenant, id);
        const [found] = await transaction.select().from(project).where(ofTenant);
        const { version } = there(found);
        await transaction
          .select()
          .from(member)
          .where(keyed(member, tenant, id));
        await transaction
          .select()
          .from(task)
          .where(and(eq(task.tenantId, tenant.id), eq(task.projectId, id), eq(task.number, 1)));
        const updatedAt = new Date();
        const { rowCount } = await transaction
          .update(project)
          .set({ name: projectName, version: version + 1, updatedAt })
          .where(and(ofTenant, eq(project.version, version)));
        there(rowCount === 1);
        await transaction
          .update(member)
          .set({ name, updatedAt })
          .where(keyed(member, tenant, id));
      }),
    end: () => pool.end(),
  };
}
