import type {
  MemberId,
  MemberRepository,
  NewTask,
  ProjectId,
  ProjectRepository,
  Task,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import { assigneeOf } from './assignee.ts';

export interface AddTaskInput extends Omit<NewTask, 'assignee'> {
  readonly assigneeId?: MemberId | null | undefined;
}

/** A task is added to a project and gets its next number. */
export class AddTask {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectRepository,
    private readonly members: MemberRepository,
  ) {}

  /**
   * @throws {NotFound} when there is no such project
   * @throws {RuleViolation} when the assignee is not a member, or the project takes no new task
   */
  run(projectId: ProjectId, { assigneeId, ...task }: AddTaskInput): Promise<Task> {
    return this.unitOfWork.run(async () => {
      const project = await this.projects.getForChange(projectId);
      const assignee = (await assigneeOf(this.members, assigneeId)) ?? null;
      return project.addTask({ ...task, assignee });
    });
  }
}
