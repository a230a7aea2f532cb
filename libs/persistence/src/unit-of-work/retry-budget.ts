import { Injectable } from '@nestjs/common';

/** What a unit of work that is begun adds to the budget: one in ten may be tried again, on the average. */
const PER_UNIT = 0.1;
/** What is there from the start, and at most: a process that does little may still try again. */
const MOST = 100;
const AT_FIRST = 20;

/**
 * Keeps a process from trying again when all that it does fails: that would only add to whatever the matter is.
 * The same for all units of work of a process.
 */
@Injectable()
export class RetryBudget {
  private tokens = AT_FIRST;

  deposit(): void {
    this.tokens = Math.min(MOST, this.tokens + PER_UNIT);
  }

  /** Whether one more attempt is to be had. */
  withdraw(): boolean {
    if (this.tokens < 1) {
      return false;
    }
    this.tokens -= 1;
    return true;
  }
}
