import type { MemberId, ProjectId, ProjectSettings, ProjectStatus } from '@tenantry/domain';

/** What is read of every tenant-owned table. Points in time are as PostgreSQL writes them. */
interface Owned<Id> {
  readonly tenant_id: string;
  readonly id: Id;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface MemberTable extends Owned<MemberId> {
  readonly email: string;
  readonly name: string;
}

export interface ProjectTable extends Owned<ProjectId> {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly status: ProjectStatus;
  readonly archived_at: string | null;
  readonly settings: ProjectSettings;
  readonly version: number;
  readonly open_task_count: number;
  readonly search: unknown;
}
