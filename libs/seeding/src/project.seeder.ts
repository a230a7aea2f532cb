import type { EntityManager } from '@mikro-orm/core';
import { Project, type ProjectRepository, type MemberRepository, Task } from '@tenantry/domain';
import { BaseSeeder } from './base.seeder.ts';
import type { SeedProject, SeedTask, TenantData } from './profiles/seed-data.ts';

/** The projects of the current tenant with their tasks, by key. It comes after the members, who have the tasks. */
export class ProjectSeeder extends BaseSeeder {
  constructor(
    private readonly projects: ProjectRepository,
    private readonly members: MemberRepository,
    private readonly data: TenantData['projects'],
  ) {
    super();
  }

  override async seed(): Promise<void> {
    for (const project of this.data) {
      if ((await this.projects.findByKey(project.key)) === null) {
        this.projects.add(await this.made(project));
        this.added++;
      }
    }
  }

  override async truncate(entityManager: EntityManager): Promise<void> {
    await entityManager.nativeDelete(Task, {});
    await entityManager.nativeDelete(Project, {});
  }

  private async made({ archived, tasks = [], ...data }: SeedProject): Promise<Project> {
    const project = new Project(data);
    for (const task of tasks) {
      await this.addTask(project, task);
    }
    if (archived) {
      project.archive();
    }
    return project;
  }

  private async addTask(project: Project, { assigneeId, ...task }: SeedTask): Promise<void> {
    const assignee = assigneeId ? await this.members.getOrFail(assigneeId) : null;
    project.addTask({ ...task, assignee });
  }
}
