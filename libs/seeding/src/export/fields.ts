import type { RegisterTenantInput } from '@tenantry/application';
import type { NewMember, ProjectSettings, TenantConfiguration } from '@tenantry/domain';
import type { SeedProject, SeedTask } from '../profiles/seed-data.ts';

/**
 * What becomes of a field in an export:
 * - `kept`: it is the same.
 * - `left-out`: it is this installation's, or says whose the data is.
 * - `personal`: something made up takes its place, always.
 * - `text`: people wrote it, and who knows what; it is masked unless it is wanted.
 * - `parts`: each of them has fields of its own.
 */
export type Treatment = 'kept' | 'left-out' | 'personal' | 'text' | 'parts';

/** What becomes of each field of a seed. One that is not named here does not compile. */
export const FIELDS = {
  tenant: {
    id: 'left-out',
    slug: 'kept',
    name: 'personal',
    domain: 'left-out',
    plan: 'kept',
    features: 'kept',
    configuration: 'parts',
    isolation: 'kept',
    placementId: 'left-out',
  } satisfies Record<keyof RegisterTenantInput, Treatment>,
  configuration: {
    locale: 'kept',
    timeZone: 'kept',
  } satisfies Record<keyof TenantConfiguration, Treatment>,
  member: {
    id: 'kept',
    email: 'personal',
    name: 'personal',
  } satisfies Record<keyof NewMember, Treatment>,
  project: {
    id: 'kept',
    key: 'kept',
    name: 'text',
    description: 'text',
    status: 'kept',
    settings: 'parts',
    archived: 'kept',
    tasks: 'parts',
  } satisfies Record<keyof SeedProject, Treatment>,
  settings: {
    color: 'kept',
    icon: 'kept',
  } satisfies Record<keyof ProjectSettings, Treatment>,
  task: {
    id: 'kept',
    title: 'text',
    status: 'kept',
    assigneeId: 'kept',
    labels: 'text',
  } satisfies Record<keyof SeedTask, Treatment>,
};

/** The names of the fields that are treated so. */
export type FieldsThatAre<Which extends Treatment, Treatments> = {
  [Field in keyof Treatments]: Treatments[Field] extends Which ? Field : never;
}[keyof Treatments];
