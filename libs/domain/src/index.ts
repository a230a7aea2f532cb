export { BaseEntity } from './base-entity.ts';
export {
  Cancelled,
  CommitOutcomeUnknown,
  Conflict,
  DomainError,
  type DomainErrorOptions,
  type ErrorKind,
  InvalidValue,
  NotFound,
  RuleViolation,
  StaleVersion,
  TooMany,
  Unavailable,
} from './domain-error.ts';
export {
  type DomainEvent,
  type EventOf,
  record,
  recordedEvents,
  returnEvents,
  takeEvents,
} from './domain-event.ts';
export { type Id, newId } from './id.ts';
export { type Page, pageOf, type PageRequest } from './page.ts';
export { type LockOptions, Repository } from './repository.ts';
export { isPrintable } from './text.ts';

export { type DomainName, domainName, isDomainName } from './tenancy/domain-name.ts';
export {
  type Isolation,
  ISOLATIONS,
  Placement,
  type PlacementId,
  SHARED_SCHEMA,
} from './tenancy/placement.ts';
export { PlacementRepository } from './tenancy/placement.repository.ts';
export { isSlug, type Slug, slug } from './tenancy/slug.ts';
export {
  type NewTenant,
  type Plan,
  PLANS,
  Tenant,
  type TenantConfiguration,
  type TenantId,
  TENANT_STATUSES,
  type TenantStatus,
} from './tenancy/tenant.ts';
export {
  type DeletionReport,
  MOST_ATTEMPTS,
  OPERATION_KINDS,
  OPERATION_STATUSES,
  OPERATION_STEPS,
  type OperationKind,
  type OperationStatus,
  type OperationStep,
  TenantOperation,
  type TenantOperationId,
} from './tenancy/tenant-operation.ts';
export { TenantOperationRepository } from './tenancy/tenant-operation.repository.ts';
export { TenantRepository } from './tenancy/tenant.repository.ts';

export { type Email, email } from './work/email.ts';
export { Member, type MemberId, type NewMember } from './work/member.ts';
export { MemberRepository } from './work/member.repository.ts';
export { type ProjectKey, projectKey } from './work/project-key.ts';
export {
  type NewProject,
  Project,
  type ProjectChanges,
  type ProjectId,
  type ProjectSettings,
  PROJECT_STATUSES,
  type ProjectStatus,
} from './work/project.ts';
export { type ProjectQuery, ProjectRepository, type TaskQuery } from './work/project.repository.ts';
export type { WorkEvent } from './work/work-event.ts';
export {
  type NewTask,
  Task,
  type TaskChanges,
  type TaskId,
  TASK_STATUSES,
  type TaskStatus,
} from './work/task.ts';
