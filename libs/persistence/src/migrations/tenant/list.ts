import type { ListedMigration } from '../schema-migration.ts';
import { Initial } from './20261122120000-initial.ts';
import { UnitOfWork } from './20261124232657-unit-of-work.ts';
import { TaskProjectIndex } from './20261126205304-task-project-index.ts';

export const tenantMigrations: readonly ListedMigration[] = [
  { name: '20261122120000-initial', class: Initial },
  { name: '20261124232657-unit-of-work', class: UnitOfWork },
  { name: '20261126205304-task-project-index', class: TaskProjectIndex },
];
