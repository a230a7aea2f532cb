import type { EventOf } from '../domain-event.ts';
import type { ProjectStatus } from './project.ts';

/** What happens to members, projects and their tasks. They tell ids, and nothing that people wrote. */
export type WorkEvent =
  | EventOf<'member.joined'>
  | EventOf<'member.left'>
  | EventOf<'project.started', { readonly key: string }>
  | EventOf<'project.status-changed', { readonly from: ProjectStatus; readonly to: ProjectStatus }>
  | EventOf<'project.archived'>
  | EventOf<'project.restored'>
  | EventOf<'project.task-added', { readonly number: number }>
  | EventOf<'project.task-done', { readonly number: number }>
  | EventOf<'project.task-reopened', { readonly number: number }>;
