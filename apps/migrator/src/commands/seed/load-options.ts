import type { LoadOptions } from '@tenantry/seeding';

const TENANTS = 1_000;
const ROWS_TO_A_TENANT = 100;
/** One of so many has a placement of its own. */
const TENANTS_TO_A_SCHEMA = 500;

/** What the command line says of a load: all of it can be left out. */
export type LoadCommandOptions = {
  readonly [Option in keyof LoadOptions]?: LoadOptions[Option] | undefined;
};

/** A load of the size that was asked for, in the proportions of an installation where it was not. */
export function loadOptions({
  tenants = TENANTS,
  rows = tenants * ROWS_TO_A_TENANT,
  dedicated = Math.ceil(tenants / TENANTS_TO_A_SCHEMA),
  skew = 'zipf',
  seed = 1,
}: LoadCommandOptions): LoadOptions {
  return { tenants, rows, dedicated, skew, seed };
}
