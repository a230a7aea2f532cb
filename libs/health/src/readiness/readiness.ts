import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  CONFIRMED_AFTER_MS,
  DEADLINE_MS,
  FAILURES,
  FORGIVEN_FOR_MS,
  FRESH_FOR_MS,
} from './limits.ts';
import { PoolCheck } from './pool-check.ts';
import { NotServable, ServerCheck } from './server-check.ts';

/** Where a process is between its start and its end, as to serving. */
export interface ReadinessState {
  readonly state: 'starting' | 'ready' | 'not-ready' | 'draining';
  /** When it came to that. */
  readonly since: string;
  /** Why the last check has failed; `null` when it has not. */
  readonly reason: string | null;
  /** When it was; `null` before the first one. */
  readonly checkedAt: string | null;
}

/**
 * Whether this process can serve requests. The answer is for everybody, so it says no more; the log says why. What the server
 * says of itself counts at once. That it cannot be asked, or that the pool has nothing to give, counts the second time: that is
 * looked for before the answer where there is time for it, and else after it, even if nobody asks any more.
 */
@Injectable()
export class Readiness implements OnApplicationShutdown {
  private readonly logger = new Logger('Readiness');
  private current: ReadinessState['state'] = 'starting';
  private since = new Date();
  private reason: string | null = null;
  private checkedAt: Date | undefined;
  /** By a clock that nobody sets, in milliseconds: when it was checked, and when that went well. */
  private checked = -Infinity;
  private succeeded = -Infinity;
  private failures = 0;
  private checking: Promise<void> | undefined;
  private confirmation: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: ServerCheck,
    private readonly pool: PoolCheck,
  ) {}

  /** Answers within two seconds, whatever hangs: for all who ask within a second there is one check. */
  async isReady(): Promise<boolean> {
    if (this.current !== 'draining' && performance.now() - this.checked >= FRESH_FOR_MS) {
      await this.check();
    }
    return this.current === 'ready';
  }

  /** From now on it is not ready, so that nobody sends it any more; what it was sent it goes on serving. */
  drain(): void {
    this.become('draining', 'the process is about to end');
  }

  get state(): ReadinessState {
    const { current, since, reason, checkedAt } = this;
    return {
      state: current,
      since: since.toISOString(),
      reason,
      checkedAt: checkedAt?.toISOString() ?? null,
    };
  }

  onApplicationShutdown(): void {
    clearTimeout(this.confirmation);
    this.server.close();
  }

  private check(): Promise<void> {
    this.checking ??= this.checkNow().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }

  private async checkNow(): Promise<void> {
    clearTimeout(this.confirmation);
    const end = performance.now() + DEADLINE_MS;
    await this.look(DEADLINE_MS);
    if (this.isInDoubt && end - performance.now() > 2 * CONFIRMED_AFTER_MS) {
      await sleep(CONFIRMED_AFTER_MS);
      await this.look(end - performance.now());
    }
    if (this.isInDoubt) {
      this.confirmation = setTimeout(() => void this.check(), CONFIRMED_AFTER_MS).unref();
    }
  }

  /** Both are looked at, so that both reasons are told. */
  private async look(deadlineMs: number): Promise<void> {
    const outcomes = await Promise.allSettled([
      this.server.mustBeServable(deadlineMs),
      this.pool.mustHandOut(deadlineMs),
    ]);
    const errors = outcomes.flatMap((each) =>
      each.status === 'rejected' ? [each.reason as unknown] : [],
    );
    this.checkedAt = new Date();
    this.checked = performance.now();
    if (this.current === 'draining') {
      return;
    }
    if (errors.length === 0) {
      this.succeed();
    } else {
      this.fail(errors);
    }
  }

  private succeed(): void {
    this.failures = 0;
    this.succeeded = this.checked;
    this.become('ready', null);
  }

  private fail(errors: readonly unknown[]): void {
    this.failures += 1;
    this.reason = errors.map((error) => (error as Error).message).join('; ');
    if (errors.some((error) => error instanceof NotServable) || !this.isForgiven) {
      this.become('not-ready', this.reason);
    }
  }

  /** It is ready still, though it has failed. */
  private get isInDoubt(): boolean {
    return this.current === 'ready' && this.failures > 0;
  }

  private get isForgiven(): boolean {
    return this.failures < FAILURES && this.checked - this.succeeded < FORGIVEN_FOR_MS;
  }

  private become(state: ReadinessState['state'], reason: string | null): void {
    this.reason = reason;
    if (this.current === state) {
      return;
    }
    this.current = state;
    this.since = new Date();
    if (reason === null) {
      this.logger.log('ready');
    } else {
      this.logger.warn({ msg: state === 'draining' ? 'draining' : 'not ready', reason });
    }
  }
}
