export { type IsolationLevel, UnitOfWork, type UnitOfWorkOptions } from './unit-of-work.ts';

export { PlacementProvisioner } from './tenancy/placement-provisioner.ts';
export { ReadTenants } from './tenancy/read-tenants.ts';
export { RegisterTenant, type RegisterTenantInput } from './tenancy/register-tenant.ts';
export { ResumeTenant } from './tenancy/resume-tenant.ts';
export { SuspendTenant } from './tenancy/suspend-tenant.ts';

export { AddMember } from './work/add-member.ts';
export { AddTask, type AddTaskInput } from './work/add-task.ts';
export { ChangeProject, type ChangeProjectInput } from './work/change-project.ts';
export { ChangeTask, type ChangeTaskInput } from './work/change-task.ts';
export { ReadMembers } from './work/read-members.ts';
export { ReadProjects } from './work/read-projects.ts';
export { RemoveMember } from './work/remove-member.ts';
export { RenameMember } from './work/rename-member.ts';
export { StartProject } from './work/start-project.ts';
