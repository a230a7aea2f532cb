import type { ListedMigration } from '../schema-migration.ts';
import { Initial } from './20261122120000-initial.ts';
import { UnitOfWork } from './20261124232657-unit-of-work.ts';
import { TaskProjectIndex } from './20261126205304-task-project-index.ts';
import { MemberEmailLower } from './20261126211500-member-email-lower.ts';
import { FillMemberEmailLower } from './20261126211501-fill-member-email-lower.ts';
import { MemberEmailLowerIndex } from './20261126211502-member-email-lower-index.ts';
import { ValidateMemberEmailLower } from './20261126211503-validate-member-email-lower.ts';

export const tenantMigrations: readonly ListedMigration[] = [
  { name: '20261122120000-initial', class: Initial },
  { name: '20261124232657-unit-of-work', class: UnitOfWork },
  { name: '20261126205304-task-project-index', class: TaskProjectIndex },
  { name: '20261126211500-member-email-lower', class: MemberEmailLower },
  { name: '20261126211501-fill-member-email-lower', class: FillMemberEmailLower },
  { name: '20261126211502-member-email-lower-index', class: MemberEmailLowerIndex },
  { name: '20261126211503-validate-member-email-lower', class: ValidateMemberEmailLower },
];
