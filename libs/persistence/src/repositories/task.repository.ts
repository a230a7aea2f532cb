import type { Page, Project, Task, TaskQuery } from '@tenantry/domain';
import { TenantAwareRepository } from './tenant-aware.repository.ts';

/** Tasks are reached through their project: `MikroProjectRepository` uses this, and nothing else does. */
export class TaskRepository extends TenantAwareRepository<Task> {
  pageOf(
    project: Project,
    { search, status, assignee, label, ...request }: TaskQuery,
  ): Promise<Page<Task>> {
    return this.keysetPage(
      {
        project,
        ...(status && { status }),
        ...(assignee && { assignee: { id: assignee } }),
        ...(label && { labels: { $contains: [label] } }),
        ...(search && { search: { $fulltext: search } }),
      },
      request,
    );
  }
}
