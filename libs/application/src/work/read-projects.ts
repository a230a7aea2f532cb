import type {
  Page,
  Project,
  ProjectId,
  ProjectRepository,
  Task,
  TaskQuery,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** What can be read of projects and their tasks, each in a read-only unit of work. */
export class ReadProjects {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectRepository,
  ) {}

  /** @throws {NotFound} */
  one(id: ProjectId): Promise<Project> {
    return this.unitOfWork.run(() => this.projects.getOrFail(id), { readOnly: true });
  }

  /** @throws {NotFound} when there is no such project, or no such task in it */
  task(id: ProjectId, number: number): Promise<Task> {
    return this.unitOfWork.run(
      async () => this.projects.getTask(await this.projects.getOrFail(id), number),
      { readOnly: true },
    );
  }

  /** @throws {NotFound} when there is no such project: an empty page means that it has no such tasks */
  tasks(id: ProjectId, query: TaskQuery): Promise<Page<Task>> {
    return this.unitOfWork.run(
      async () => this.projects.pageOfTasks(await this.projects.getOrFail(id), query),
      { readOnly: true },
    );
  }
}
