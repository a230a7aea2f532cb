import { defineEntity, p } from '@mikro-orm/core';
import { Member, Project, Task, TASK_STATUSES } from '@tenantry/domain';
import { TaskRepository } from '../../repositories/task.repository.ts';
import { searchVector } from '../search-vector.ts';
import { on, tenantOwned, tenantOwnedProperties } from '../tenant-owned.ts';

export const taskMapping = defineEntity({
  ...tenantOwned,
  class: Task,
  tableName: 'task',
  repository: () => TaskRepository,
  properties: {
    ...tenantOwnedProperties,
    project: () =>
      p
        .manyToOne(Project)
        .joinColumns('tenant_id', 'project_id')
        .ownColumns('project_id')
        .foreignKeyName('task_project_fkey')
        .updateRule('no action')
        .deleteRule('cascade'),
    number: p.integer(),
    title: p.text(),
    status: p.enum(TASK_STATUSES),
    assignee: () =>
      p
        .manyToOne(Member)
        .nullable()
        .joinColumns('tenant_id', 'assignee_id')
        .ownColumns('assignee_id')
        .foreignKeyName('task_assignee_fkey')
        .updateRule('no action')
        .deleteRule('no action'),
    labels: p.array().columnType('text[]'),
    search: searchVector({ title: 'A' }),
  },
  uniques: [{ name: 'task_number_key', properties: on('tenantId', 'project', 'number') }],
  indexes: [
    { name: 'task_project_idx', properties: on('tenantId', 'project', 'id') },
    { name: 'task_assignee_idx', properties: on('tenantId', 'assignee') },
    { name: 'task_labels_idx', properties: on('labels'), type: 'gin' },
    { name: 'task_search_idx', properties: on('search'), type: 'gin' },
  ],
});
