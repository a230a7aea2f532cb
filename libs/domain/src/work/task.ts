import { BaseEntity, change } from '../base-entity.ts';
import { type Id, newId } from '../id.ts';
import { text } from '../text.ts';
import { labels } from './labels.ts';
import type { Member } from './member.ts';
import type { Project } from './project.ts';

export type TaskId = Id<'Task'>;

export const TASK_STATUSES = ['open', 'in-progress', 'done'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export interface NewTask {
  readonly id?: TaskId | undefined;
  readonly title: string;
  readonly status?: TaskStatus | undefined;
  readonly assignee?: Member | null | undefined;
  readonly labels?: readonly string[] | undefined;
}

export interface TaskChanges {
  readonly title?: string | undefined;
  readonly status?: TaskStatus | undefined;
  /** `null` takes the assignee away. */
  readonly assignee?: Member | null | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** A piece of work in a project. It is made and changed through its project, which keeps the count. */
export class Task extends BaseEntity<TaskId> {
  readonly project: Project;
  /** Counts within the project, from 1. */
  readonly number: number;
  readonly title: string;
  readonly status: TaskStatus;
  readonly assignee: Member | null;
  readonly labels: readonly string[];

  /** Use {@link Project.addTask}. */
  constructor(project: Project, number: number, task: NewTask) {
    super(task.id ?? newId());
    this.project = project;
    this.number = number;
    this.title = titleOf(task.title);
    this.status = task.status ?? 'open';
    this.assignee = task.assignee ?? null;
    this.labels = labels(task.labels ?? []);
  }

  get isDone(): boolean {
    return this.status === 'done';
  }

  /** Use {@link Project.changeTask}. */
  change(to: TaskChanges): void {
    change<Task>(this, {
      ...(to.title !== undefined && { title: titleOf(to.title) }),
      ...(to.status !== undefined && { status: to.status }),
      ...(to.assignee !== undefined && { assignee: to.assignee }),
      ...(to.labels !== undefined && { labels: labels(to.labels) }),
    });
  }
}

function titleOf(title: string): string {
  return text('task title', title, 500);
}
