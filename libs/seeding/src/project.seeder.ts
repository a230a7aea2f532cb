import type { EntityManager } from '@mikro-orm/core';
import { type MemberRepository, Project, type ProjectRepository, Task } from '@tenantry/domain';
import { allPages } from './all-pages.ts';
import { KeyedSeeder } from './keyed.seeder.ts';
import type { OwnedData, SeedProject, SeedTask } from './profiles/seed-data.ts';

/** The projects of a tenant with their tasks, by key. It comes after the members, who have the tasks. */
export class ProjectSeeder extends KeyedSeeder<SeedProject, Project> {
  override readonly name;
  override readonly profiles;
  override readonly dependsOn;

  constructor(
    private readonly projects: ProjectRepository,
    private readonly members: MemberRepository,
    private readonly data: OwnedData,
  ) {
    super(projects);
    this.name = `${data.name}.projects`;
    this.profiles = data.profiles;
    this.dependsOn = [...data.dependsOn, `${data.name}.members`];
  }

  override async truncate(entityManager: EntityManager): Promise<void> {
    await entityManager.nativeDelete(Task, {});
    await entityManager.nativeDelete(Project, {});
  }

  protected override itemsOf(target: string): readonly SeedProject[] {
    return this.data.of(target).projects;
  }

  protected override keyOf({ key }: SeedProject): string {
    return key;
  }

  protected override find({ key }: SeedProject): Promise<Project | null> {
    return this.projects.findByKey(key);
  }

  protected override async make(item: SeedProject): Promise<Project> {
    const project = new Project(item);
    for (const task of item.tasks ?? []) {
      project.addTask(await this.withAssignee(task));
    }
    finish(project, item);
    return project;
  }

  /** Tasks are known by their numbers; those that are there and not in the list stay. */
  protected override async change(project: Project, to: SeedProject): Promise<void> {
    const { name, description = '', settings = {}, tasks = [] } = to;
    if (project.isArchived) {
      project.restore();
    }
    project.change({ name, description, settings, status: 'active' });
    const there = await this.tasksOf(project);
    for (const [index, wanted] of tasks.entries()) {
      const task = there[index];
      const given = await this.withAssignee(wanted);
      if (task) {
        project.changeTask(task, { ...UNSAID, ...given });
      } else {
        project.addTask(given);
      }
    }
    finish(project, to);
  }

  protected override predecessors(): readonly SeedProject[] {
    return this.data.over?.projects ?? [];
  }

  protected override async contentOf(item: SeedProject): Promise<unknown> {
    const project = await this.make(item);
    return contentOf(project, [...project.tasks]);
  }

  protected override async contentIn(project: Project): Promise<unknown> {
    return contentOf(project, await this.tasksOf(project));
  }

  private async withAssignee({ assigneeId, ...task }: SeedTask) {
    const assignee = assigneeId ? await this.members.getOrFail(assigneeId) : null;
    return { ...task, assignee };
  }

  /** By number. */
  private async tasksOf(project: Project): Promise<readonly Task[]> {
    const tasks = await allPages<Task>((request) => this.projects.pageOfTasks(project, request));
    return tasks.sort((one, other) => one.number - other.number);
  }
}

/** What a task has that the list says nothing of. */
const UNSAID = { status: 'open', labels: [] } as const;

/** What a project becomes when its tasks are as they should be: no task is added to one that is completed. */
function finish(project: Project, { status, archived = false }: SeedProject): void {
  project.change({ status });
  if (archived) {
    project.archive();
  }
}

function contentOf(project: Project, tasks: readonly Task[]): unknown {
  const { name, description, settings, status, isArchived } = project;
  return {
    ...{ name, description, settings, status, isArchived },
    tasks: tasks.map(({ title, status, labels, assignee }) => ({
      ...{ title, status, labels },
      assignee: assignee?.id,
    })),
  };
}
