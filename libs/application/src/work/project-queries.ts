import type {
  Page,
  ProjectId,
  ProjectQuery,
  ProjectSettings,
  ProjectStatus,
} from '@tenantry/domain';

/** A project as lists show it. */
export interface ProjectRow {
  readonly id: ProjectId;
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly status: ProjectStatus;
  readonly archivedAt: Date | null;
  readonly settings: ProjectSettings;
  readonly openTaskCount: number;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What screens show of the current tenant's projects: plain rows that nobody can change, each time by one statement. */
export abstract class ProjectQueries {
  abstract page(query: ProjectQuery): Promise<Page<ProjectRow>>;
}
