import { Conflict, type NewProject, Project, type ProjectRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** A project begins. */
export class StartProject {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectRepository,
  ) {}

  /** @throws {Conflict} when a project has the key, archived or not */
  run(input: NewProject): Promise<Project> {
    return this.unitOfWork.run(async () => {
      if (await this.projects.findByKey(input.key)) {
        throw new Conflict('project-key-taken', `There is a project ${input.key} already.`);
      }
      const project = new Project(input);
      this.projects.add(project);
      return project;
    });
  }
}
