import type { Page, PageRequest } from '../page.ts';
import { Repository } from '../repository.ts';
import type { MemberId } from './member.ts';
import type { ProjectKey } from './project-key.ts';
import type { Project, ProjectId, ProjectStatus } from './project.ts';
import type { Task, TaskId, TaskStatus } from './task.ts';

export interface ProjectQuery extends PageRequest<ProjectId> {
  /** Words that key, name or description must all have. */
  readonly search?: string | undefined;
  readonly status?: ProjectStatus | undefined;
  /** Archived ones instead of the others. */
  readonly archived?: boolean | undefined;
}

export interface TaskQuery extends PageRequest<TaskId> {
  /** Words that the title must all have. */
  readonly search?: string | undefined;
  readonly status?: TaskStatus | undefined;
  readonly assignee?: MemberId | undefined;
  readonly label?: string | undefined;
}

/** The projects of the current tenant, and their tasks. */
export abstract class ProjectRepository extends Repository<Project> {
  abstract findByKey(key: ProjectKey): Promise<Project | null>;
  abstract page(query: ProjectQuery): Promise<Page<Project>>;

  /** @throws {NotFound} */
  abstract getTask(project: Project, number: number): Promise<Task>;
  abstract pageOfTasks(project: Project, query: TaskQuery): Promise<Page<Task>>;
  abstract hasTasksOf(assignee: MemberId): Promise<boolean>;
}
