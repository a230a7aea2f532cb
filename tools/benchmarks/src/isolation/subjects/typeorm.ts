import type { PlacedTenant } from '@tenantry/persistence';
import { DataSource, type EntityManager, EntitySchema, IsNull } from 'typeorm';
import { ENTER, settingsOf } from '../recipe.ts';
import { type Place, type Row, type Subject, there } from '../subject.ts';

interface Owned {
  readonly tenantId: string;
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
interface Member extends Owned {
  readonly email: string;
  readonly name: string;
}
interface Project extends Owned {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly archivedAt: Date | null;
  readonly settings: object;
  readonly version: number;
  readonly lastTaskNumber: number;
  readonly openTaskCount: number;
}
interface Task extends Owned {
  readonly projectId: string;
  readonly number: number;
  readonly title: string;
  readonly status: string;
  readonly assigneeId: string | null;
  readonly labels: string[];
}

const owned = {
  tenantId: { type: 'uuid', primary: true, name: 'tenant_id' },
  id: { type: 'uuid', primary: true },
  createdAt: { type: 'timestamptz', name: 'created_at' },
  updatedAt: { type: 'timestamptz', name: 'updated_at' },
} as const;
const members = new EntitySchema<Member>({
  name: 'member',
  columns: { ...owned, email: { type: 'text' }, name: { type: 'text' } },
});
const projects = new EntitySchema<Project>({
  name: 'project',
  columns: {
    ...owned,
    key: { type: 'text' },
    name: { type: 'text' },
    description: { type: 'text' },
    status: { type: 'text' },
    archivedAt: { type: 'timestamptz', name: 'archived_at', nullable: true },
    settings: { type: 'jsonb' },
    version: { type: 'int' },
    lastTaskNumber: { type: 'int', name: 'last_task_number' },
    openTaskCount: { type: 'int', name: 'open_task_count' },
  },
});
const tasks = new EntitySchema<Task>({
  name: 'task',
  columns: {
    ...owned,
    projectId: { type: 'uuid', name: 'project_id' },
    number: { type: 'int' },
    title: { type: 'text' },
    status: { type: 'text' },
    assigneeId: { type: 'uuid', name: 'assignee_id', nullable: true },
    labels: { type: 'text', array: true },
  },
});

/** TypeORM with row security: a transaction, and `set_config` first in it. */
export async function typeOrmRecipe({ appUrl, connections }: Place): Promise<Subject> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: appUrl,
    poolSize: connections,
    installExtensions: false,
    entities: [members, projects, tasks],
  });
  await dataSource.initialize();
  const enter = <Result>(
    tenant: PlacedTenant,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> =>
    dataSource.transaction(async (manager) => {
      await manager.query(ENTER, settingsOf(tenant));
      return work(manager);
    });

  return {
    name: 'TypeORM',
    isolated: true,
    countUnfiltered: (tenant) => enter(tenant, (manager) => manager.count(members)),
    flatRead: async (tenant, id) => {
      const rows = await enter(tenant, (manager) =>
        manager.query<Row[]>('select * from member where tenant_id = $1 and id = $2', [
          tenant.id,
          id,
        ]),
      );
      return rows[0];
    },
    readByKey: (tenant, id) =>
      enter(tenant, (manager) => manager.findOneBy(members, { tenantId: tenant.id, id })),
    page: async (tenant, size) => {
      const rows = await enter(tenant, (manager) =>
        manager.find(members, {
          where: { tenantId: tenant.id },
          order: { id: 'asc' },
          take: size + 1,
        }),
      );
      return rows.slice(0, size);
    },
    search: async (tenant, word, size) => {
      const rows = await enter(tenant, (manager) =>
        manager
          .createQueryBuilder(projects, 'project')
          .where({ tenantId: tenant.id, archivedAt: IsNull() })
          .andWhere(`search @@ plainto_tsquery('simple', :word)`, { word })
          .orderBy('project.id')
          .limit(size + 1)
          .getMany(),
      );
      return rows.slice(0, size);
    },
    insert: async (tenant, added) => {
      const now = new Date();
      const row = { ...added, tenantId: tenant.id, createdAt: now, updatedAt: now };
      await enter(tenant, (manager) => manager.insert(members, row));
    },
    update: (tenant, { id, name }) =>
      enter(tenant, async (manager) => {
        const key = { tenantId: tenant.id, id };
        await manager.findOneByOrFail(members, key);
        await manager.update(members, key, { name, updatedAt: new Date() });
      }),
    unitOfWork: (tenant, { id, name, projectName }) =>
      enter(tenant, async (manager) => {
        const key = { tenantId: tenant.id, id };
        const { version } = await manager.findOneByOrFail(projects, key);
        await manager.findOneByOrFail(members, key);
        await manager.findOneByOrFail(tasks, { tenantId: tenant.id, projectId: id, number: 1 });
        const updatedAt = new Date();
        const { affected } = await manager.update(
          projects,
          { ...key, version },
          { name: projectName, version: version + 1, updatedAt },
        );
        there(affected === 1);
        await manager.update(members, key, { name, updatedAt });
      }),
    end: () => dataSource.destroy(),
  };
}
