import type { RegisterTenantInput } from '@tenantry/application';
import type { MemberId, NewMember, NewProject, NewTask } from '@tenantry/domain';

export interface SeedTask extends Omit<NewTask, 'assignee'> {
  readonly assigneeId?: MemberId;
}

export interface SeedProject extends NewProject {
  readonly archived?: boolean;
  readonly tasks?: readonly SeedTask[];
}

/** What one tenant gets. */
export interface TenantData {
  readonly members: readonly NewMember[];
  readonly projects: readonly SeedProject[];
}

/** What an installation gets: some tenants of its own, and something for every tenant there is. */
export interface ProfileData {
  readonly tenants: readonly (TenantData & { readonly registration: RegisterTenantInput })[];
  readonly everyTenant: TenantData;
}
