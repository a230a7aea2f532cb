import type {
  MemberId,
  MemberRepository,
  ProjectId,
  ProjectRepository,
  Task,
  TaskChanges,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import { assigneeOf } from './assignee.ts';

export interface ChangeTaskInput extends Omit<TaskChanges, 'assignee'> {
  /** `null` takes the assignee away. */
  readonly assigneeId?: MemberId | null | undefined;
}

/** A task is retitled, moved on, labelled or given to someone. */
export class ChangeTask {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectRepository,
    private readonly members: MemberRepository,
  ) {}

  /**
   * @throws {NotFound} when there is no such project, or no such task in it
   * @throws {RuleViolation} when the assignee is not a member, or the project's state forbids the change
   */
  run(
    projectId: ProjectId,
    number: number,
    { assigneeId, ...changes }: ChangeTaskInput,
  ): Promise<Task> {
    return this.unitOfWork.run(async () => {
      const project = await this.projects.getForChange(projectId);
      const task = await this.projects.getTask(project, number);
      const assignee = await assigneeOf(this.members, assigneeId);
      project.changeTask(task, { ...changes, assignee });
      return task;
    });
  }
}
