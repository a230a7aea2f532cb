import { defineEntity, p } from '@mikro-orm/core';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { PlacedTenant } from '@tenantry/persistence';
import { settingsOf } from '../recipe.ts';
import { type Place, type Row, type Subject, there } from '../subject.ts';

const owned = {
  tenantId: p.uuid().primary(),
  id: p.uuid().primary(),
  createdAt: p.datetime(),
  updatedAt: p.datetime(),
};
const Member = defineEntity({
  name: 'Member',
  tableName: 'member',
  properties: { ...owned, email: p.text(), name: p.text() },
});
const Project = defineEntity({
  name: 'Project',
  tableName: 'project',
  properties: {
    ...owned,
    key: p.text(),
    name: p.text(),
    description: p.text(),
    status: p.text(),
    archivedAt: p.datetime().nullable(),
    settings: p.json(),
    version: p.integer().version(),
    lastTaskNumber: p.integer(),
    openTaskCount: p.integer(),
    search: p.string().columnType('tsvector').persist(false).lazy().nullable(),
  },
});
const Task = defineEntity({
  name: 'Task',
  tableName: 'task',
  properties: {
    ...owned,
    projectId: p.uuid(),
    number: p.integer(),
    title: p.text(),
    status: p.text(),
    assigneeId: p.uuid().nullable(),
    labels: p.array().columnType('text[]'),
  },
});

type Fork = (tenant: PlacedTenant) => EntityManager;

/** MikroORM and nothing else: reads are not in a transaction, and whatever it asks for it gets. */
export function bareMikroOrm({ floorUrl, connections }: Place): Subject {
  const orm = ormAt(floorUrl, connections);
  return mikroOrmSubject('MikroORM, not isolated', false, orm, () => orm.em.fork());
}

/** MikroORM with row security by a session of its own. */
export function mikroOrmSession({ appUrl, connections }: Place): Subject {
  const orm = ormAt(appUrl, connections);
  return mikroOrmSubject('MikroORM', true, orm, (tenant) => {
    const [role, path, id] = settingsOf(tenant);
    return orm.em.fork({
      session: { variables: { role, search_path: path, 'app.tenant_id': id } },
    });
  });
}

export function ormAt(url: string, connections: number): MikroORM {
  return new MikroORM({
    entities: [Member, Project, Task],
    clientUrl: url,
    driverOptions: { connectionString: url },
    ensureDatabase: false,
    pool: { min: 0, max: connections },
  });
}

function mikroOrmSubject(
  name: Subject['name'],
  isolated: boolean,
  orm: MikroORM,
  fork: Fork,
): Subject {
  /** SQL of one's own is in the session only within a transaction. */
  const rows = <Found extends object>(
    tenant: PlacedTenant,
    sql: string,
    parameters: readonly string[],
  ): Promise<Found[]> => {
    const execute = (em: EntityManager): Promise<Found[]> =>
      em.execute<Found[]>(sql, [...parameters]);
    return isolated ? fork(tenant).transactional(execute) : execute(fork(tenant));
  };
  return {
    name,
    isolated,
    countUnfiltered: async (tenant) => {
      const [found] = await rows<{ count: string }>(tenant, 'select count(*) from member', []);
      return Number(there(found).count);
    },
    flatRead: async (tenant, id) => {
      const [row] = await rows<Row>(tenant, 'select * from member where tenant_id = ? and id = ?', [
        tenant.id,
        id,
      ]);
      return row;
    },
    readByKey: (tenant, id) => fork(tenant).findOne(Member, { tenantId: tenant.id, id }),
    page: async (tenant, size) => {
      const found = await fork(tenant).find(
        Member,
        { tenantId: tenant.id },
        { orderBy: { id: 'asc' }, limit: size + 1 },
      );
      return found.slice(0, size);
    },
    search: async (tenant, word, size) => {
      const found = await fork(tenant).find(
        Project,
        { tenantId: tenant.id, archivedAt: null, search: { $fulltext: word } },
        { orderBy: { id: 'asc' }, limit: size + 1 },
      );
      return found.slice(0, size);
    },
    insert: (tenant, member) =>
      fork(tenant).transactional((em) => {
        const now = new Date();
        em.create(Member, { ...member, tenantId: tenant.id, createdAt: now, updatedAt: now });
      }),
    update: (tenant, { id, name: renamed }) =>
      fork(tenant).transactional(async (em) => {
        const member = await em.findOneOrFail(Member, { tenantId: tenant.id, id });
        em.assign(member, { name: renamed, updatedAt: new Date() });
      }),
    unitOfWork: (tenant, { id, name: renamed, projectName }) =>
      fork(tenant).transactional(async (em) => {
        const key = { tenantId: tenant.id, id };
        const project = await em.findOneOrFail(Project, key);
        const member = await em.findOneOrFail(Member, key);
        await em.findOneOrFail(Task, { tenantId: tenant.id, projectId: id, number: 1 });
        em.assign(project, { name: projectName, updatedAt: new Date() });
        em.assign(member, { name: renamed, updatedAt: new Date() });
      }),
    end: () => orm.close(),
  };
}
