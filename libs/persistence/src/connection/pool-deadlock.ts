import type { Transaction } from '../unit-of-work/transaction.ts';

/**
 * Keeps account of transactions whose work waits for a second connection. When they hold all that there are, none will
 * ever be given back, and whoever comes last has to give up for the others to go on.
 */
export class PoolDeadlock {
  private readonly blocked = new Map<Transaction, number>();

  /** @param connections how many there are */
  constructor(private readonly connections: number) {}

  /** Whether nobody would be left to give a connection back if the work of these waited too. */
  wouldBe(holders: readonly Transaction[]): boolean {
    const more = holders.filter((holder) => !this.blocked.has(holder));
    return holders.length > 0 && this.blocked.size + more.length >= this.connections;
  }

  /** Waits, while the connections of these are not given back. */
  async wait<Result>(holders: readonly Transaction[], what: Promise<Result>): Promise<Result> {
    this.count(holders, 1);
    try {
      return await what;
    } finally {
      this.count(holders, -1);
    }
  }

  private count(holders: readonly Transaction[], difference: 1 | -1): void {
    for (const holder of holders) {
      const waits = (this.blocked.get(holder) ?? 0) + difference;
      if (waits > 0) {
        this.blocked.set(holder, waits);
      } else {
        this.blocked.delete(holder);
      }
    }
  }
}

/** The transactions that have a connection in the current work: the innermost, and those around it. */
export function holdersAround(innermost: Transaction | undefined): readonly Transaction[] {
  const holders: Transaction[] = [];
  for (let each = innermost; each; each = each.enclosing) {
    if (each.stage === 'open' || each.stage === 'committing') {
      holders.push(each);
    }
  }
  return holders;
}
