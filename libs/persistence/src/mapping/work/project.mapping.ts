import { defineEntity, p } from '@mikro-orm/core';
import { Project, PROJECT_STATUSES, type ProjectSettings, Task } from '@tenantry/domain';
import { MikroProjectRepository } from '../../repositories/mikro-project.repository.ts';
import { searchVector } from '../search-vector.ts';
import { on, tenantOwned, tenantOwnedProperties } from '../tenant-owned.ts';

export const projectMapping = defineEntity({
  ...tenantOwned,
  class: Project,
  tableName: 'project',
  repository: () => MikroProjectRepository,
  properties: {
    ...tenantOwnedProperties,
    key: p.text(),
    name: p.text(),
    description: p.text(),
    status: p.enum(PROJECT_STATUSES),
    archivedAt: p.datetime().nullable(),
    settings: p.json<ProjectSettings>(),
    version: p.integer().version(),
    lastTaskNumber: p.integer(),
    openTaskCount: p.integer(),
    tasks: () => p.oneToMany(Task).mappedBy('project'),
    search: searchVector({ key: 'A', name: 'A', description: 'B' }),
  },
  uniques: [{ name: 'project_key_key', properties: on('tenantId', 'key') }],
  indexes: [
    {
      name: 'project_not_archived_idx',
      properties: on('tenantId', 'id'),
      where: '"archived_at" is null',
    },
    { name: 'project_search_idx', properties: on('search'), type: 'gin' },
  ],
});
