import type { ProjectQueries, ProjectRow } from '@tenantry/application';
import { type Page, pageOf, type ProjectQuery } from '@tenantry/domain';
import { sql } from 'kysely';
import type { ProjectTable } from './tables.ts';
import { TenantQueries } from './tenant-queries.ts';

export class KyselyProjectQueries
  extends TenantQueries<{ project: ProjectTable }>
  implements ProjectQueries
{
  async page({
    search,
    status,
    archived = false,
    after,
    limit,
  }: ProjectQuery): Promise<Page<ProjectRow>> {
    const found = await this.db
      .selectFrom('project')
      .select([
        'id',
        'key',
        'name',
        'description',
        'status',
        'archived_at as archivedAt',
        'settings',
        'open_task_count as openTaskCount',
        'version',
        'created_at as createdAt',
        'updated_at as updatedAt',
      ])
      .where((is) =>
        is.and([
          is('tenant_id', '=', this.tenantId),
          is('archived_at', archived ? 'is not' : 'is', null),
          ...(status ? [is('status', '=', status)] : []),
          ...(search ? [is('search', '@@', sql`plainto_tsquery('simple', ${search})`)] : []),
          ...(after ? [is('id', '>', after)] : []),
        ]),
      )
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    return pageOf(found.map(projectRow), limit);
  }
}

function projectRow({
  archivedAt,
  createdAt,
  updatedAt,
  ...row
}: Omit<ProjectRow, 'archivedAt' | 'createdAt' | 'updatedAt'> & {
  readonly archivedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}): ProjectRow {
  return {
    ...row,
    archivedAt: archivedAt === null ? null : new Date(archivedAt),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
