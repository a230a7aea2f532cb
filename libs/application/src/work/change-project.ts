import type { Project, ProjectChanges, ProjectId, ProjectRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

export interface ChangeProjectInput extends ProjectChanges {
  /** Archives it, or takes it out of the archive. */
  readonly archived?: boolean | undefined;
}

/** A project is changed, archived or taken out of the archive. */
export class ChangeProject {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectRepository,
  ) {}

  /**
   * @param expectedVersion the version that the caller has seen; whatever is current when left out
   * @throws {NotFound}
   * @throws {StaleVersion} when it is not at the expected version any more
   * @throws {RuleViolation} when its state forbids the change
   */
  run(id: ProjectId, input: ChangeProjectInput, expectedVersion?: number): Promise<Project> {
    return this.unitOfWork.run(async () => {
      const project = await this.projects.getForChange(id);
      if (expectedVersion !== undefined) {
        project.mustBeAt(expectedVersion);
      }
      const { archived, ...changes } = input;
      if (archived === false && project.isArchived) {
        project.restore();
      }
      if (Object.values(changes).some((value) => value !== undefined)) {
        project.change(changes);
      }
      if (archived === true && !project.isArchived) {
        project.archive();
      }
      return project;
    });
  }
}
