import { AsyncLocalStorage } from 'node:async_hooks';
import type { Unit } from './unit.ts';

/** A flush of an entity manager, for as long as it is under way. */
export class Flush {
  /** The unit of work that it is by itself, outside of any. */
  unit: Unit | undefined;

  constructor(readonly manager: object) {}
}

const inFlush = new AsyncLocalStorage<Flush | undefined>();

/**
 * The flushes of one entity manager come one after the other: MikroORM would do what is asked for meanwhile as a part of the
 * first one. And what is to be stored or removed meanwhile is kept until it has ended: MikroORM would forget it with what it has
 * flushed.
 */
export class FlushQueue {
  private last: Promise<unknown> = Promise.resolve();
  private current: Flush | undefined;
  private late: (() => void)[] = [];
  private hadLate = false;
  private failed: { readonly because: unknown } | undefined;

  /** Whether this is done by a flush of it, or by those who listen to that. */
  get isInside(): boolean {
    return this.current !== undefined && inFlush.getStore() === this.current;
  }

  /** Whether something was asked for during the last flush, and waits for the next. */
  get hasLeftovers(): boolean {
    return this.hadLate;
  }

  /** Does `work` when the flushes before have ended, well or not. */
  async run(manager: object, work: (flush: Flush) => Promise<void>): Promise<void> {
    const { last } = this;
    const done = (async () => {
      await last;
      const flush = (this.current = new Flush(manager));
      try {
        await inFlush.run(flush, () => work(flush));
      } finally {
        this.current = undefined;
        this.catchUp();
      }
    })();
    this.last = done.catch(() => undefined);
    await done;
  }

  /** Keeps a call for later while a flush is under way that is not where it comes from. @returns whether it has */
  keep(call: () => void): boolean {
    const isLate = this.current !== undefined && !this.isInside;
    if (isLate) {
      this.late.push(call);
    }
    return isLate;
  }

  /** @throws what a call has failed with that was kept for later */
  mustHaveCaughtUp(): void {
    const { failed } = this;
    if (failed) {
      this.failed = undefined;
      throw failed.because;
    }
  }

  /** A call that fails keeps none of the others from being made, nor is it the affair of the flush that has just ended. */
  private catchUp(): void {
    const late = this.late.splice(0);
    this.hadLate = late.length > 0;
    for (const call of late) {
      try {
        call();
      } catch (error) {
        this.failed ??= { because: error };
      }
    }
  }
}

/** The flush that this is done by, as long as that is under way. */
export function currentFlush(): Flush | undefined {
  return inFlush.getStore();
}

/** The unit of work that a flush of an entity manager, which this is done by, is by itself. */
export function loneUnitOf(manager: object): Unit | undefined {
  const flush = inFlush.getStore();
  return flush?.manager === manager ? flush.unit : undefined;
}

/** Does `work` by none. */
export function outsideOfFlushes<Result>(work: () => Result): Result {
  return inFlush.run(undefined, work);
}
