import { type Isolation, type Slug, slug } from '@tenantry/domain';
import { MOST_SEED } from '../factories/factory-id.ts';
import { share, type Scale, SCALES } from './skew.ts';

/** Each tenant has at least so many rows. */
const FEWEST_ROWS = 3;
const ROWS_TO_A_MEMBER = 20;
const ROWS_TO_A_PROJECT = 25;
/** Of so many tenants in a row, the last has no members. */
const WITHOUT_MEMBERS = 20;

/** How rows are spread over tenants: evenly, or the n-th has an n-th of what the first has. */
export const LOAD_SKEWS = ['zipf', 'uniform'] as const satisfies readonly (keyof typeof SCALES)[];
export type LoadSkew = (typeof LOAD_SKEWS)[number];

/** What a load is to be. */
export interface LoadOptions {
  readonly tenants: number;
  /** Members, projects and tasks together; what the profile `reference` gives to each tenant comes on top. */
  readonly rows: number;
  readonly skew: LoadSkew;
  /** How many of the tenants have a placement of their own: the first ones, which by `zipf` are the largest. */
  readonly dedicated: number;
  /** The seed number, 0 to 2^32 - 1: another one gives other rows. */
  readonly seed: number;
}

/** How many rows of each kind a tenant has. */
export interface RowCounts {
  readonly members: number;
  readonly projects: number;
  readonly tasks: number;
}

export interface PlannedTenant extends RowCounts {
  readonly index: number;
  readonly slug: Slug;
  readonly isolation: Isolation;
}

/** All of a load, before any of it is made. */
export interface LoadPlan {
  readonly seed: number;
  readonly tenants: readonly PlannedTenant[];
}

/** Options that no load can meet. */
export class LoadImpossible extends Error {
  override readonly name = 'LoadImpossible';
}

/**
 * How many rows each tenant has; together they are exactly as many as were asked for. A pure function.
 * @throws {LoadImpossible} naming the option
 */
export function planLoad(options: LoadOptions): LoadPlan {
  mustBePossible(options);
  const { tenants, rows, skew, dedicated, seed } = options;
  const scale: Scale = SCALES[skew](tenants);
  const spread = rows - tenants * FEWEST_ROWS;
  return {
    seed,
    tenants: Array.from({ length: tenants }, (_, index) => ({
      index,
      slug: slug(`load-${String(index + 1).padStart(5, '0')}`),
      isolation: index < dedicated ? 'schema' : 'shared',
      ...countsOf(FEWEST_ROWS + share(spread, scale, index), index),
    })),
  };
}

function countsOf(rows: number, index: number): RowCounts {
  const hasMembers = index % WITHOUT_MEMBERS !== WITHOUT_MEMBERS - 1;
  const members = hasMembers ? Math.max(1, Math.round(rows / ROWS_TO_A_MEMBER)) : 0;
  const projects = Math.max(1, Math.round(rows / ROWS_TO_A_PROJECT));
  return { members, projects, tasks: rows - members - projects };
}

function mustBePossible({ tenants, rows, skew, dedicated, seed }: LoadOptions): void {
  mustBeWithin('tenants', tenants, 1, 1_000_000);
  mustBeWithin('dedicated', dedicated, 0, tenants);
  mustBeWithin('seed', seed, 0, MOST_SEED);
  // So that each tenant has a few.
  mustBeWithin('rows', rows, tenants * FEWEST_ROWS, 1_000_000_000);
  if (!LOAD_SKEWS.includes(skew)) {
    throw new LoadImpossible(
      `skew has to be ${LOAD_SKEWS.join(' or ')}, and is ${skew as string}.`,
    );
  }
}

function mustBeWithin(option: keyof LoadOptions, value: number, from: number, to: number): void {
  if (!Number.isSafeInteger(value) || value < from || value > to) {
    throw new LoadImpossible(
      `${option} has to be a whole number from ${from} to ${to}, and is ${value}.`,
    );
  }
}
