import type { Id } from '@tenantry/domain';

/** The id that a seed gives: always the same, and on purpose the same for several tenants. */
export function seedId<Name extends string>(number: number): Id<Name> {
  return `01900000-0000-7000-8000-${String(number).padStart(12, '0')}` as Id<Name>;
}
