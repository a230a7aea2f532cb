export { type DeliveredEvent, EventHandler } from './event-handler.ts';
export {
  type IsolationLevel,
  type Propagation,
  type RetryOptions,
  UnitOfWork,
  type UnitOfWorkOptions,
  type UnitOfWorkTimeouts,
} from './unit-of-work.ts';

export { ArchiveTenant } from './tenancy/archive-tenant.ts';
export { CarryOutOperations } from './tenancy/carry-out-operations.ts';
export { DeleteTenant } from './tenancy/delete-tenant.ts';
export { OperationClaims } from './tenancy/operation-claims.ts';
export { OperationSteps } from './tenancy/operation-steps.ts';
export { OrphanedPlacements, type Orphans } from './tenancy/orphaned-placements.ts';
export { PlacementProvisioner } from './tenancy/placement-provisioner.ts';
export { ReadTenants } from './tenancy/read-tenants.ts';
export { ReferenceSeeding } from './tenancy/reference-seeding.ts';
export { RegisterTenant, type RegisterTenantInput } from './tenancy/register-tenant.ts';
export { type RepairOptions, type RepairReport, RepairTenants } from './tenancy/repair-tenants.ts';
export { ResumeTenant } from './tenancy/resume-tenant.ts';
export { SuspendTenant } from './tenancy/suspend-tenant.ts';
export { TenantEraser } from './tenancy/tenant-eraser.ts';
export type { TenantStanding } from './tenancy/tenant-standing.ts';

export { AddMember } from './work/add-member.ts';
export { AddTask, type AddTaskInput } from './work/add-task.ts';
export { ChangeProject, type ChangeProjectInput } from './work/change-project.ts';
export { ChangeTask, type ChangeTaskInput } from './work/change-task.ts';
export { MemberQueries, type MemberRow } from './work/member-queries.ts';
export { ProjectQueries, type ProjectRow } from './work/project-queries.ts';
export { ReadMembers } from './work/read-members.ts';
export { ReadProjects } from './work/read-projects.ts';
export { RemoveMember } from './work/remove-member.ts';
export { RenameMember } from './work/rename-member.ts';
export { StartProject } from './work/start-project.ts';
