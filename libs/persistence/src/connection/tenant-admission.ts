import { Cancelled, type TenantId, TooMany } from '@tenantry/domain';
import type { TenantLimits } from '@tenantry/platform';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';

/** Gives back what was given. */
type Leave = () => void;

const nothingToLeave: Leave = () => undefined;

/**
 * Lets each tenant have only so many connections at once. The others of its units of work wait for their turn, out of
 * everybody else's way, and those that are too many are turned away.
 */
export class TenantAdmission {
  private readonly tenants = new Map<TenantId, Turns>();

  /** @param patienceMs how long one waits for a turn */
  constructor(private readonly patienceMs: number) {}

  /**
   * Waits for a turn of the tenant's.
   * @param signal of whoever asks for it
   * @returns what ends the turn
   * @throws {TooMany} when there is none in time, or too many wait already
   * @throws {Cancelled} when whoever asked for it has gone meanwhile
   */
  async enter({ id, limits }: PlacedTenant, signal: AbortSignal | undefined): Promise<Leave> {
    if (!limits) {
      return nothingToLeave;
    }
    const turns = this.tenants.get(id) ?? new Turns();
    this.tenants.set(id, turns);
    await turns.take(limits, this.patienceMs, signal);
    return () => {
      turns.giveBack();
      if (turns.isUnused) {
        this.tenants.delete(id);
      }
    };
  }
}

/** One tenant's. */
class Turns {
  private taken = 0;
  /** In the order in which they have come. */
  private readonly waiting = new Set<() => void>();

  get isUnused(): boolean {
    return this.taken === 0 && this.waiting.size === 0;
  }

  async take(
    { concurrency, queue }: TenantLimits,
    patienceMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.taken < concurrency) {
      this.taken += 1;
      return;
    }
    if (this.waiting.size >= queue) {
      throw tooMany();
    }
    // Whoever gives a turn back hands it on: nobody comes in between.
    await this.handedOn(patienceMs, signal);
  }

  giveBack(): void {
    const [next] = this.waiting;
    if (next) {
      next();
    } else {
      this.taken -= 1;
    }
  }

  private async handedOn(patienceMs: number, signal: AbortSignal | undefined): Promise<void> {
    const turn = Promise.withResolvers<undefined>();
    const getIt = (): void => {
      this.waiting.delete(getIt);
      turn.resolve(undefined);
    };
    const giveUp = (reason: Error): void => {
      this.waiting.delete(getIt);
      turn.reject(reason);
    };
    const leave = (): void => {
      giveUp(new Cancelled({ cause: signal?.reason }));
    };
    const timer = setTimeout(() => {
      giveUp(tooMany());
    }, patienceMs);
    signal?.addEventListener('abort', leave);
    this.waiting.add(getIt);
    if (signal?.aborted) {
      leave();
    }
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    }
  }
}

function tooMany(): TooMany {
  return new TooMany('too-many-requests', 'You are asking for too much at once: try again.');
}
