import type { PlacedTenant } from '@tenantry/persistence';
import { settingsOf } from '../recipe.ts';
import { type Place, type Row, type Subject, there } from '../subject.ts';
import type { PrismaClient, PrismaPromise, PrismaTransaction } from './prisma-client.ts';
import { loadPrisma } from './prisma-package.ts';

/**
 * Prisma with row security. A single operation is as in Prisma's example of it: an extension of the client that puts it into a
 * batch, which is a transaction, behind `set_config`. Several are an interactive transaction, in which such an extension does
 * not work.
 */
export async function prismaRecipe({ appUrl, connections, schema }: Place): Promise<Subject> {
  const { PrismaClient, PrismaPg } = await loadPrisma();
  const client = new PrismaClient({
    adapter: new PrismaPg({ connectionString: appUrl, max: connections }, { schema }),
  });
  const tenants = new Map<string, PrismaClient>();
  /** Made once for each tenant, which is faster than for each request. */
  const of = (tenant: PlacedTenant): PrismaClient => {
    const known = tenants.get(tenant.id) ?? extended(client, tenant);
    tenants.set(tenant.id, known);
    return known;
  };
  const work = <Result>(
    tenant: PlacedTenant,
    steps: (transaction: PrismaTransaction) => Promise<Result>,
  ): Promise<Result> =>
    client.$transaction(async (transaction) => {
      await enter(transaction, tenant);
      return steps(transaction);
    });

  return {
    name: 'Prisma',
    isolated: true,
    countUnfiltered: (tenant) => of(tenant).member.count(),
    flatRead: async (tenant, id) => {
      const [, rows] = await client.$transaction([
        enter(client, tenant),
        client.$queryRaw<
          Row[]
        >`select * from member where tenant_id = ${tenant.id}::uuid and id = ${id}::uuid`,
      ]);
      return rows[0];
    },
    readByKey: (tenant, id) => of(tenant).member.findUnique({ where: keyOf(tenant, id) }),
    page: async (tenant, size) => {
      const rows = await of(tenant).member.findMany({
        where: { tenantId: tenant.id },
        orderBy: { id: 'asc' },
        take: size + 1,
      });
      return rows.slice(0, size);
    },
    // Its own full-text search does not use a column that is kept for that.
    search: async (tenant, word, size) => {
      const [, rows] = await client.$transaction([
        enter(client, tenant),
        client.$queryRaw<Row[]>`
          select tenant_id, id, created_at, updated_at, key, name, description, status, archived_at, settings, version, last_task_number, open_task_count
          from project where tenant_id = ${tenant.id}::uuid and archived_at is null
          and search @@ plainto_tsquery('simple', ${word}) order by id limit ${size + 1}`,
      ]);
      return rows.slice(0, size);
    },
    insert: async (tenant, member) => {
      const now = new Date();
      await of(tenant).member.create({
        data: { ...member, tenantId: tenant.id, createdAt: now, updatedAt: now },
      });
    },
    update: (tenant, { id, name }) =>
      work(tenant, async ({ member }) => {
        const where = keyOf(tenant, id);
        there(await member.findUnique({ where }));
        await member.update({ where, data: { name, updatedAt: new Date() } });
      }),
    unitOfWork: (tenant, { id, name, projectName }) =>
      work(tenant, async ({ member, project, task }) => {
        const where = keyOf(tenant, id);
        const { version } = there(await project.findUnique({ where }));
        there(await member.findUnique({ where }));
        there(
          await task.findUnique({
            where: {
              tenantId_projectId_number: { tenantId: tenant.id, projectId: id, number: 1 },
            },
          }),
        );
        const updatedAt = new Date();
        await project.update({
          where: { ...where, version },
          data: { name: projectName, version: version + 1, updatedAt },
        });
        await member.update({ where, data: { name, updatedAt } });
      }),
    end: () => client.$disconnect(),
  };
}

function keyOf({ id: tenantId }: PlacedTenant, id: string): { readonly tenantId_id: object } {
  return { tenantId_id: { tenantId, id } };
}

function extended(client: PrismaClient, tenant: PlacedTenant): PrismaClient {
  return client.$extends({
    query: {
      $allModels: {
        $allOperations: async ({ args, query }) => {
          const [, result] = await client.$transaction([enter(client, tenant), query(args)]);
          return result;
        },
      },
    },
  });
}

function enter(client: PrismaTransaction, tenant: PlacedTenant): PrismaPromise<unknown> {
  const [role, path, id] = settingsOf(tenant);
  return client.$queryRaw`select set_config('role', ${role}, true), set_config('search_path', ${path}, true), set_config('app.tenant_id', ${id}, true)`;
}
