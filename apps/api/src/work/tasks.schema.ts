import { type Task, TASK_STATUSES } from '@tenantry/domain';
import { z } from 'zod';
import { id, pageOf, pageParameters, search, text, timestamp } from '../http/schemas.ts';

export const taskView = z.object({
  id: z.uuid(),
  number: z.int(),
  title: z.string(),
  status: z.enum(TASK_STATUSES),
  assigneeId: z.uuid().nullable(),
  labels: z.array(z.string()),
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const taskPage = pageOf(taskView);

/** A task as it is answered: with its assignee's id. The schema cuts the rest. */
export function viewOf({ assignee, ...task }: Task): object {
  return { ...task, assigneeId: assignee?.id ?? null };
}

export const taskNumber = z.coerce
  .number({ error: 'must be the number of a task' })
  .int({ error: 'must be the number of a task' })
  .min(1, { error: 'must be the number of a task' })
  .max(2 ** 31 - 1, { error: 'must be the number of a task' });

export const taskQuery = z.strictObject({
  ...pageParameters<'Task'>(),
  search,
  status: z.enum(TASK_STATUSES).optional(),
  assignee: id<'Member'>().optional(),
  label: text(40).toLowerCase().optional(),
});
export type TaskQueryString = z.output<typeof taskQuery>;

const changes = {
  title: text(1000),
  status: z.enum(TASK_STATUSES).optional(),
  assigneeId: id<'Member'>().nullish(),
  labels: z.array(text(100)).max(100).optional(),
};

export const newTask = z.strictObject(changes);
export type NewTaskBody = z.output<typeof newTask>;

export const taskChanges = z.strictObject({ ...changes, title: changes.title.optional() });
export type TaskChangesBody = z.output<typeof taskChanges>;
