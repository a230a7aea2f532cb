import type { RegisterTenantInput } from '@tenantry/application';
import type { MemberId, NewMember, NewProject, NewTask, ProjectStatus } from '@tenantry/domain';
import type { SeedRunProfile } from '../base.seeder.ts';

export interface SeedTask extends Omit<NewTask, 'assignee'> {
  readonly assigneeId?: MemberId | undefined;
}

export interface SeedProject extends NewProject {
  /** `active` unless told otherwise; of a completed one all tasks are done. */
  readonly status?: ProjectStatus | undefined;
  readonly archived?: boolean;
  readonly tasks?: readonly SeedTask[];
}

/** What one tenant gets. */
export interface TenantData {
  readonly members: readonly NewMember[];
  readonly projects: readonly SeedProject[];
}

/** A tenant that a profile makes, and what it has. */
export interface SeedTenant extends TenantData {
  readonly registration: RegisterTenantInput;
}

/** Data that tenants own, as seeders of it see it. */
export interface OwnedData {
  /** What their names begin with. */
  readonly name: string;
  readonly profiles: readonly SeedRunProfile[];
  /** What comes before all of it. */
  readonly dependsOn: readonly string[];
  /** What may be there before, and is changed where the keys are the same. */
  readonly over?: TenantData;
  /** @param target the slug of a tenant */
  of(target: string): TenantData;
}
