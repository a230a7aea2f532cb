import { BaseEntity, change } from '../base-entity.ts';
import { InvalidValue, RuleViolation, StaleVersion } from '../domain-error.ts';
import { record } from '../domain-event.ts';
import { type Id, newId } from '../id.ts';
import { isPrintable, text } from '../text.ts';
import type { ProjectKey } from './project-key.ts';
import { type NewTask, Task, type TaskChanges } from './task.ts';
import type { WorkEvent } from './work-event.ts';

export type ProjectId = Id<'Project'>;

export const PROJECT_STATUSES = ['active', 'on-hold', 'completed'] as const;
export type ProjectStatus = (typeof PROJECT_STATUSES)[number];

export interface ProjectSettings {
  /** `#rrggbb` */
  readonly color?: string | undefined;
  /** The name of an icon: lower-case letters and hyphens. */
  readonly icon?: string | undefined;
}

export interface NewProject {
  readonly id?: ProjectId | undefined;
  readonly key: ProjectKey;
  readonly name: string;
  readonly description?: string | undefined;
  readonly settings?: ProjectSettings | undefined;
}

export interface ProjectChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly status?: ProjectStatus | undefined;
  readonly settings?: ProjectSettings | undefined;
}

/** What a project asks of the collection of its tasks: the part of it that has been loaded, and room for more. */
export interface Tasks extends Iterable<Task> {
  add(task: Task): unknown;
}

/** The aggregate root of work: its tasks are made and changed through it, so that its count of them is right. */
export class Project extends BaseEntity<ProjectId> {
  readonly key: ProjectKey;
  readonly name: string;
  readonly description: string;
  readonly status: ProjectStatus = 'active';
  /** UTC; `null` while it is not archived. */
  readonly archivedAt: Date | null = null;
  readonly settings: ProjectSettings;
  /** Counts the changes that were stored, from 1: the optimistic lock. */
  readonly version: number = 1;
  /** The number of its newest task, 0 when it never had one. */
  readonly lastTaskNumber: number = 0;
  readonly openTaskCount: number = 0;
  readonly tasks: Tasks = new Set<Task>();

  /** @throws {InvalidValue} when name, description or settings are not well-formed */
  constructor(project: NewProject) {
    super(project.id ?? newId());
    this.key = project.key;
    this.name = nameOf(project.name);
    this.description = descriptionOf(project.description ?? '');
    this.settings = settingsOf(project.settings ?? {});
    this.record({ name: 'project.started', data: { key: this.key } });
  }

  get isArchived(): boolean {
    return this.archivedAt !== null;
  }

  /** @throws {RuleViolation} when it is archived, or would be completed with tasks open */
  change(to: ProjectChanges): void {
    this.mustNotBeArchived();
    if (to.status === 'completed') {
      this.mustHaveNoOpenTasks();
    }
    const from = this.status;
    change<Project>(this, {
      ...(to.name !== undefined && { name: nameOf(to.name) }),
      ...(to.description !== undefined && { description: descriptionOf(to.description) }),
      ...(to.status !== undefined && { status: to.status }),
      ...(to.settings !== undefined && { settings: settingsOf(to.settings) }),
    });
    if (this.status !== from) {
      this.record({ name: 'project.status-changed', data: { from, to: this.status } });
    }
  }

  /** @throws {RuleViolation} when it is archived already or has open tasks */
  archive(): void {
    this.mustNotBeArchived();
    this.mustHaveNoOpenTasks();
    change<Project>(this, { archivedAt: new Date() });
    this.record({ name: 'project.archived', data: {} });
  }

  /** @throws {RuleViolation} when it is not archived */
  restore(): void {
    if (!this.isArchived) {
      throw new RuleViolation('project-not-archived', `Project ${this.key} is not archived.`);
    }
    change<Project>(this, { archivedAt: null });
    this.record({ name: 'project.restored', data: {} });
  }

  /** @throws {RuleViolation} when it is archived or completed */
  addTask(task: NewTask): Task {
    this.mustNotBeArchived();
    this.mustNotBeCompleted();
    const added = new Task(this, this.lastTaskNumber + 1, task);
    this.tasks.add(added);
    change<Project>(this, {
      lastTaskNumber: added.number,
      openTaskCount: this.openTaskCount + (added.isDone ? 0 : 1),
    });
    this.record({ name: 'project.task-added', data: { number: added.number } });
    return added;
  }

  /** @throws {RuleViolation} when it is archived, or is completed and the task would be open again */
  changeTask(task: Task, to: TaskChanges): void {
    this.mustNotBeArchived();
    const becomes = to.status ?? task.status;
    if (task.isDone && becomes !== 'done') {
      this.mustNotBeCompleted();
      change<Project>(this, { openTaskCount: this.openTaskCount + 1 });
      this.record({ name: 'project.task-reopened', data: { number: task.number } });
    }
    if (!task.isDone && becomes === 'done') {
      change<Project>(this, { openTaskCount: this.openTaskCount - 1 });
      this.record({ name: 'project.task-done', data: { number: task.number } });
    }
    task.change(to);
  }

  /** @throws {StaleVersion} when someone has changed it since `version` */
  mustBeAt(version: number): void {
    if (this.version !== version) {
      throw new StaleVersion('project', this.version);
    }
  }

  private record(event: WorkEvent): void {
    record(this, event);
  }

  private mustNotBeArchived(): void {
    if (this.isArchived) {
      throw new RuleViolation(
        'project-archived',
        `Project ${this.key} is archived: restore it first.`,
      );
    }
  }

  private mustNotBeCompleted(): void {
    if (this.status === 'completed') {
      throw new RuleViolation(
        'project-completed',
        `Project ${this.key} is completed: set it to active first.`,
      );
    }
  }

  private mustHaveNoOpenTasks(): void {
    if (this.openTaskCount > 0) {
      throw new RuleViolation(
        'project-has-open-tasks',
        `Project ${this.key} still has ${this.openTaskCount} open tasks.`,
      );
    }
  }
}

function nameOf(name: string): string {
  return text('project name', name, 200);
}

function descriptionOf(description: string): string {
  const trimmed = description.trim();
  if (trimmed.length > 10_000 || !isPrintable(trimmed)) {
    throw new InvalidValue('project description', 'must be at most 10000 printable characters');
  }
  return trimmed;
}

function settingsOf(settings: ProjectSettings): ProjectSettings {
  const { color, icon } = settings;
  if (color !== undefined && !/^#[0-9a-f]{6}$/i.test(color)) {
    throw new InvalidValue('project color', 'must be written as #rrggbb');
  }
  if (icon !== undefined && !/^[a-z][a-z-]{0,39}$/.test(icon)) {
    throw new InvalidValue('project icon', 'must be 1 to 40 lower-case letters and hyphens');
  }
  return settings;
}
