import { PROJECT_STATUSES, projectKey } from '@tenantry/domain';
import { z } from 'zod';
import { flag, pageOf, pageParameters, search, text, timestamp } from '../http/schemas.ts';

const settings = {
  color: z.string().optional().describe('#rrggbb'),
  icon: z.string().optional().describe('lower-case letters and hyphens'),
};

export const projectView = z.object({
  id: z.uuid(),
  key: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(PROJECT_STATUSES),
  archivedAt: timestamp.nullable(),
  settings: z.object(settings),
  openTaskCount: z.int(),
  version: z.int(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const projectPage = pageOf(projectView);

export const projectQuery = z.strictObject({
  ...pageParameters<'Project'>(),
  search,
  status: z.enum(PROJECT_STATUSES).optional(),
  archived: flag.optional(),
});
export type ProjectQueryString = z.output<typeof projectQuery>;

export const newProject = z.strictObject({
  key: text(10).transform(projectKey),
  name: text(1000),
  description: text(10_000).optional(),
  settings: z.strictObject(settings).optional(),
});
export type NewProjectBody = z.output<typeof newProject>;

export const projectChanges = z.strictObject({
  name: text(1000).optional(),
  description: text(10_000).optional(),
  status: z.enum(PROJECT_STATUSES).optional(),
  settings: z.strictObject(settings).optional(),
  archived: z.boolean().optional(),
});
export type ProjectChangesBody = z.output<typeof projectChanges>;
