import type { EntityClass, EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';

/** A tenant-owned entity as attacks know it, whatever else it has. */
export interface Owned {
  id: string;
  tenantId: string;
  updatedAt: Date;
}

/** What an attacker has at hand: its own scope, and what fell into its hands of the victim's. */
export interface Booty {
  readonly entity: EntityClass<Owned>;
  readonly meta: EntityMetadata;
  readonly attacker: PlacedTenant;
  readonly victim: PlacedTenant;
  /** Of the attacker's own transaction. */
  readonly em: EntityManager;
  /** Of the victim's scope, which is still open. */
  readonly victimsEm: EntityManager;
  /** Managed by the victim's. */
  readonly victimsEntity: Owned;
  /** An id that both have. */
  readonly sharedId: string;
  /** An id that only the attacker has. */
  readonly attackersId: string;
  /** An id that only the victim has. */
  readonly victimsId: string;
  /** The victim's table, quoted, with its schema. */
  readonly table: string;
}

/** One way to SQL, used by a tenant to get at another one's rows. */
export interface Attack {
  readonly way: string;
  /** Gives back what it has read. What it has written is looked for in the database. */
  readonly run: (booty: Booty) => Promise<unknown>;
}

export function attacks(ways: Readonly<Record<string, Attack['run']>>): readonly Attack[] {
  return Object.entries(ways).map(([way, run]) => ({ way, run }));
}

/**
 * `refused`: it throws. `filtered`: it finds and changes nothing but the attacker's own. `stopped by a key`: nothing else
 * would have. `leaks`: it sees the victim's rows, changes them, or puts rows among them.
 */
export type Effect = 'refused' | 'filtered' | 'stopped by a key' | 'leaks';
