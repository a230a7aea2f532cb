import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MemberQueries, ProjectQueries, UnitOfWork } from '@tenantry/application';
import {
  email,
  Member,
  type MemberId,
  MemberRepository,
  type ProjectId,
  ProjectRepository,
  takeEvents,
} from '@tenantry/domain';
import {
  PersistenceModule,
  type PlacedTenant,
  RowReader,
  TenantContext,
} from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { type Place, type Row, type Subject, there } from '../subject.ts';

@Module({})
class BenchmarkModule {}

/** This library, as its use cases and screens have it: scope, unit of work, repositories, queries. */
export async function tenantry({ appUrl, connections }: Place): Promise<Subject> {
  const { database } = readMigratorConfig({
    DATABASE_URL: appUrl,
    MIGRATOR_DATABASE_URL: appUrl,
    DB_POOL_MAX: String(connections),
    DB_SLOW_QUERY_MS: '600000',
  });
  const application = await NestFactory.createApplicationContext(
    { module: BenchmarkModule, imports: [PersistenceModule.forRoot(database)] },
    { logger: ['error'] },
  );
  const context = application.get(TenantContext);
  const unitOfWork = application.get(UnitOfWork);
  const reader = application.get(RowReader);
  const memberQueries = application.get(MemberQueries);
  const projectQueries = application.get(ProjectQueries);
  const members = application.get(MemberRepository);
  const projects = application.get(ProjectRepository);

  const rows = <Found extends object>(
    tenant: PlacedTenant,
    sql: string,
    values: readonly string[],
  ): Promise<Found[]> => context.run(tenant, () => reader.rows<Found>(sql, values));

  return {
    name: 'Tenantry',
    isolated: true,
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
    readByKey: (tenant, id) => context.run(tenant, () => members.findById(id as MemberId)),
    page: async (tenant, limit) =>
      (await context.run(tenant, () => memberQueries.page({ limit }))).items,
    search: async (tenant, search, limit) =>
      (await context.run(tenant, () => projectQueries.page({ search, limit }))).items,
    insert: (tenant, { id, name, email: address }) =>
      context.run(tenant, () =>
        unitOfWork.run(() => {
          const member = new Member({ id: id as MemberId, name, email: email(address) });
          // Nobody else stores an event with it. Without one, the transaction still leaves its marker.
          takeEvents(member);
          members.add(member);
          return Promise.resolve();
        }),
      ),
    update: (tenant, { id, name }) =>
      context.run(tenant, () =>
        unitOfWork.run(async () => {
          const member = await members.getOrFail(id as MemberId);
          member.rename(name);
        }),
      ),
    unitOfWork: (tenant, { id, name, projectName }) =>
      context.run(tenant, () =>
        unitOfWork.run(async () => {
          const project = await projects.getOrFail(id as ProjectId);
          const member = await members.getOrFail(id as MemberId);
          await projects.getTask(project, 1);
          project.change({ name: projectName });
          member.rename(name);
        }),
      ),
    end: () => application.close(),
  };
}
