import { bulkhead } from 'cockatiel';
import type { Wave } from './fleet-waves.ts';
import type { StopReason } from './run-events.ts';

/** More than there are lanes: those that wait for a lock, or for another try, keep nobody from their turn. */
const MOST_UNDER_WAY = 1_000;

/** Works through waves, what is in one of them at once, and stops when more fails than may. */
export abstract class WaveRun<Work, Outcome extends { readonly status: string }> {
  private readonly stopping = new AbortController();
  private reason: StopReason | null = null;
  private failures = 0;
  private mostFailures = Infinity;
  /** Lets so many work at once. */
  protected readonly limit;

  /** @param concurrency how many targets are worked on at once */
  constructor(concurrency: number) {
    this.limit = bulkhead(concurrency, Number.MAX_SAFE_INTEGER);
  }

  /** Why it was stopped; `null` when it was not. */
  get stopped(): StopReason | null {
    return this.reason;
  }

  /** Is raised when it is stopped. */
  protected get stopSignal(): AbortSignal {
    return this.stopping.signal;
  }

  stopOn(signal: AbortSignal, reason: StopReason): void {
    if (signal.aborted) {
      this.stop(reason);
    }
    signal.addEventListener('abort', () => {
      this.stop(reason);
    });
  }

  /** What is under way is finished, and nothing else is begun. */
  stop(reason: StopReason): void {
    this.reason ??= reason;
    this.stopping.abort();
  }

  /**
   * One wave after the other, of which the next is not begun when something has failed.
   * @param mostFailures so many targets may fail, of this and what was gone through before, but for canaries: it is stopped
   * at once when more do, and not between waves. When it is not said, any number of one wave may.
   */
  async through(waves: readonly Wave<Work>[], mostFailures?: number): Promise<readonly Outcome[]> {
    this.mostFailures = mostFailures ?? Infinity;
    const outcomes: Outcome[] = [];
    for (const [index, { targets, isCanary }] of waves.entries()) {
      outcomes.push(...(await this.performAll(targets)));
      const isLast = index === waves.length - 1;
      if (this.failures > 0 && (isCanary || (mostFailures === undefined && !isLast))) {
        this.stop(isCanary ? 'canary-failed' : 'wave-failed');
      }
    }
    return outcomes;
  }

  /** Many are under way at once, but not all of a large fleet: each takes memory meanwhile. */
  private async performAll(targets: readonly Work[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    const left = targets.entries();
    const performOthers = async (): Promise<void> => {
      for (const [index, work] of left) {
        outcomes[index] = await this.perform(work);
      }
    };
    await Promise.all(Array.from({ length: MOST_UNDER_WAY }, performOthers));
    return outcomes;
  }

  /** Works on one target, and says what became of it. */
  async perform(work: Work): Promise<Outcome> {
    const outcome = await this.outcomeOf(work);
    if (outcome.status === 'failed' && ++this.failures > this.mostFailures) {
      this.stop('too-many-failures');
    }
    return outcome;
  }

  /** When it is stopped, what has not been begun is not reached. */
  protected abstract outcomeOf(work: Work): Promise<Outcome>;
}
