import type { Id } from '@tenantry/domain';

/** What factories make. An id says which, since their order is a part of it: new ones come last. */
const KINDS = ['tenant', 'placement', 'member', 'project', 'task'] as const;
export type FactoryKind = (typeof KINDS)[number];

/** Seed numbers are 0 to this. */
export const MOST_SEED = 0xffff_ffff;

const LAST = 0xffff_ffff_ffff;

/**
 * The id of a row: a uuid of version 7 that seed number and index give, always the same, and on purpose the same for several
 * tenants. Ids of one kind and seed number sort by index, and lie next to each other.
 * @param index from 0 to 2^48 - 1
 */
export function factoryId<Name extends string>(
  kind: FactoryKind,
  seed: number,
  index: number,
): Id<Name> {
  const time = hex(seed, 8);
  const third = hex(KINDS.indexOf(kind) + 1, 3);
  return `0190${time.slice(0, 4)}-${time.slice(4)}-7${third}-8000-${hex(index, 12)}` as Id<Name>;
}

/** All ids of one kind and seed number, as a condition of a query has them. */
export function factoryIds(
  kind: FactoryKind,
  seed: number,
): { readonly $gte: string; readonly $lte: string } {
  return { $gte: factoryId(kind, seed, 0), $lte: factoryId(kind, seed, LAST) };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
