import { newId } from '@tenantry/domain';
import type { PlacedTenant } from '../../tenant-context/placed-tenant.ts';
import { weighted } from '../interleaving.ts';

/** What a client of the ledger wants, and how often. */
const KINDS = {
  /** A transfer, whose work may be done again when the connection is lost. */
  replayable: 40,
  /** The same, whose work may not. */
  plain: 20,
  /** With a part that fails and is undone. */
  nested: 10,
  /** By reading balances and writing what they should be. */
  serializable: 10,
  /** Asked for again and again with one key, until it is answered. */
  idempotent: 15,
  /** With an error of a statement that the work swallows: it must not be acknowledged. */
  swallowing: 5,
};
type Kind = keyof typeof KINDS;

/** One transfer of 1 from one account to another, and what its client was told of it. */
export interface Operation {
  readonly id: string;
  readonly tenant: PlacedTenant;
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  outcome?: 'ok' | 'fail' | 'unknown';
  error?: unknown;
}

/** How operations are made up. */
export interface Mix {
  readonly tenants: readonly PlacedTenant[];
  /** How many accounts each tenant has: the fewer, the more they get in each other's way. */
  readonly accounts: number;
  /** Only these kinds; all of them unless said otherwise. */
  readonly kinds?: readonly Kind[];
}

export function anyOperation(
  { tenants, accounts, kinds }: Mix,
  random: () => number = Math.random,
): Operation {
  const weights = Object.fromEntries(
    Object.entries(KINDS).filter(([kind]) => kinds?.includes(kind as Kind) ?? true),
  ) as typeof KINDS;
  const from = Math.floor(random() * accounts);
  return {
    id: newId(),
    tenant: tenants[Math.floor(random() * tenants.length)]!,
    kind: weighted(weights, random),
    from,
    to: (from + 1 + Math.floor(random() * (accounts - 1))) % accounts,
  };
}
