import {
  type MemberId,
  type Page,
  type Project,
  type ProjectKey,
  type ProjectQuery,
  type ProjectRepository,
  Task,
  type TaskQuery,
} from '@tenantry/domain';
import { TenantAwareRepository } from './tenant-aware.repository.ts';
import { type TaskRepository } from './task.repository.ts';

export class MikroProjectRepository
  extends TenantAwareRepository<Project>
  implements ProjectRepository
{
  findByKey(key: ProjectKey): Promise<Project | null> {
    return this.findOne({ key });
  }

  page({ search, status, archived = false, ...request }: ProjectQuery): Promise<Page<Project>> {
    return this.keysetPage(
      {
        archivedAt: archived ? { $ne: null } : null,
        ...(status && { status }),
        ...(search && { search: { $fulltext: search } }),
      },
      request,
    );
  }

  async getTask(project: Project, number: number): Promise<Task> {
    return this.found(await this.tasks.findOne({ project, number }), 'task');
  }

  pageOfTasks(project: Project, query: TaskQuery): Promise<Page<Task>> {
    return this.tasks.pageOf(project, query);
  }

  async hasTasksOf(assignee: MemberId): Promise<boolean> {
    return (await this.tasks.count({ assignee: { id: assignee } })) > 0;
  }

  private get tasks(): TaskRepository {
    return this.em.getRepository<Task, TaskRepository>(Task);
  }
}
