import { Logger } from '@nestjs/common';
import type { RetryOptions } from '@tenantry/application';
import { CommitOutcomeUnknown } from '@tenantry/domain';
import { addSpanEvent, unitMetrics } from '@tenantry/platform';
import { ExponentialBackoff, fullJitterGenerator, handleWhen, retry } from 'cockatiel';
import { isLost, isUnreachable, sqlStateOf } from '../connection/connection-errors.ts';
import { CircuitOpen } from '../connection/server-circuit.ts';
import type { RetryBudget } from './retry-budget.ts';
import { CommitLost } from './transaction-errors.ts';
import type { Unit } from './unit.ts';

const ATTEMPTS = 5;
/** Of those who wait for a lock in vain, who have waited for long already. */
const ATTEMPTS_FOR_LOCKS = 2;
const DEADLINE_MS = 10_000;
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 1_000;

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';
const UNIQUE_VIOLATION = '23505';

/** How a unit of work may be tried again: what the caller has said, and what is left of the budget. */
export interface RetryTerms extends RetryOptions {
  /** Whether its work may be done again when the connection was lost in the middle of it. */
  readonly replayable?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does a whole unit of work again when that may help and cannot do harm: whoever has lost a race against others, whoever
 * could not even begin, and, if it is said to be replayable, whoever has lost the connection before anything was stored.
 */
export class Retry {
  private readonly logger = new Logger('UnitOfWork');

  constructor(
    private readonly terms: RetryTerms,
    private readonly budget: RetryBudget,
  ) {}

  /**
   * @param attempt with nothing left of those before it
   * @param unit the one of the newest attempt
   */
  async run<Result>(attempt: () => Promise<Result>, unit: () => Unit | undefined): Promise<Result> {
    const { attempts = ATTEMPTS, deadlineMs = DEADLINE_MS, signal } = this.terms;
    const deadline = Date.now() + deadlineMs;
    let done = 0;
    const policy = retry(
      handleWhen(
        (error) =>
          Date.now() < deadline &&
          this.mayHelp(error, unit()?.hasWorked ?? false, done) &&
          this.budget.withdraw(),
      ),
      {
        maxAttempts: attempts - 1,
        backoff: new ExponentialBackoff({
          generator: fullJitterGenerator,
          initialDelay: FIRST_DELAY_MS,
          maxDelay: LONGEST_DELAY_MS,
        }),
      },
    );
    policy.onRetry(({ attempt: number, delay, ...reason }) => {
      const sqlstate = sqlStateOf('error' in reason ? reason.error : undefined);
      unitMetrics.retried(sqlstate);
      addSpanEvent('retry', { attempt: number, 'error.type': sqlstate ?? 'connection' });
      this.logger.debug({ msg: 'a unit of work is tried again', attempt: number, delayMs: delay });
    });
    this.budget.deposit();
    return policy.execute(() => {
      done += 1;
      return attempt();
    }, signal);
  }

  private mayHelp(error: unknown, hasWorked: boolean, attempts: number): boolean {
    if (error instanceof CommitOutcomeUnknown || error instanceof CircuitOpen) {
      return false;
    }
    if (!hasWorked) {
      return isUnreachable(error);
    }
    if (error instanceof CommitLost || isLost(error)) {
      return this.terms.replayable === true;
    }
    switch (sqlStateOf(error)) {
      case SERIALIZATION_FAILURE:
      case DEADLOCK_DETECTED:
        return true;
      case LOCK_NOT_AVAILABLE:
        return attempts < ATTEMPTS_FOR_LOCKS;
      case UNIQUE_VIOLATION:
        return this.terms.onUniqueViolation === true;
      case undefined:
      default:
        return false;
    }
  }
}
