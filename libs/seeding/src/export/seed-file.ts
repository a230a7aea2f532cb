import type { RegisterTenantInput } from '@tenantry/application';
import type { TenantData } from '../profiles/seed-data.ts';
import type { FIELDS, FieldsThatAre } from './fields.ts';

/** The one format of seed files that there is. */
export const SEED_FILE_FORMAT = 1;

/** What is said of a tenant in a file: nothing that would make it the one that it was read from. */
export type SeedFileTenant = Omit<
  RegisterTenantInput,
  FieldsThatAre<'left-out', typeof FIELDS.tenant>
>;

/** A tenant with all that it has, as a value that can be written as JSON. */
export interface SeedFile extends TenantData {
  readonly format: typeof SEED_FILE_FORMAT;
  readonly tenant: SeedFileTenant;
}
