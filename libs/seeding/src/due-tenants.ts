import type { SeededTarget } from '@tenantry/persistence';
import { type ApplyOptions, isCurrent } from './seeder-application.ts';
import type { TenantWork } from './tenant-run.ts';

/** Of the tenants of a run those where something is to be done. */
export interface DueTenants {
  readonly due: readonly TenantWork[];
  /** How many items there are to be seeded, but for those of seeders that are going to be skipped. */
  readonly items: number;
  /** How many tenants have all of it already. */
  readonly unchanged: number;
}

/**
 * Compares works with the ledger. A pure function.
 * @param seeded what the ledger says, by tenants' ids
 */
export function planDue(
  works: readonly TenantWork[],
  seeded: ReadonlyMap<string, SeededTarget>,
  { force = false, overwrite = false }: ApplyOptions,
): DueTenants {
  const due: TenantWork[] = [];
  let items = 0;
  for (const work of works) {
    const { name, tenant, seeders } = work;
    const applied = seeded.get(tenant.id);
    const behind = seeders.filter(
      (seeder) => force || overwrite || !isCurrent(seeder, name, applied?.get(seeder.name)),
    );
    if (behind.length > 0) {
      due.push(work);
      items += behind.reduce((sum, seeder) => sum + seeder.size(name), 0);
    }
  }
  return { due, items, unchanged: works.length - due.length };
}
