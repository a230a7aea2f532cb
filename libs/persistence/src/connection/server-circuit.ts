import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
} from 'cockatiel';
import { CIRCUIT_OPEN, reasonOf, sqlStateOf } from './connection-errors.ts';
import { PoolExhausted } from './pool-exhausted.ts';

/** So many attempts to connect have to fail in a row. */
const FAILURES = 5;
const FIRST_PAUSE_MS = 250;
/** No longer than users are to wait for when the server is back. */
const LONGEST_PAUSE_MS = 2_000;
/** Whoever comes while one of them tries waits for so long: it takes no more where the server is back. */
const TRIAL_MS = 500;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 1_000;

/** too_many_connections, cannot_connect_now: the server is there, and will have time soon. */
const BUSY = ['53300', '57P03'];

/** The server cannot be reached, and was not even asked: others have tried in vain just now. */
export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
  readonly code = CIRCUIT_OPEN;

  constructor(cause: unknown) {
    super('The database cannot be reached', { cause });
  }
}

/**
 * The way to a server, for all who want a new connection to it. A server that has no time yet is waited for. When nobody
 * can connect all are refused at once, and after a pause one of them tries again, for all: nobody waits for a server that
 * does not come, and one that comes back is not overrun. The log is told when it is lost and when it is back, and not of
 * each attempt.
 */
export class ServerCircuit {
  private readonly logger = new Logger('Database');
  private readonly breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof PoolExhausted)),
    {
      breaker: new ConsecutiveBreaker(FAILURES),
      halfOpenAfter: new ExponentialBackoff({
        initialDelay: FIRST_PAUSE_MS,
        maxDelay: LONGEST_PAUSE_MS,
      }),
    },
  );
  /** Settles when the last one has tried for all. */
  private trial: Promise<unknown> = Promise.resolve();
  private isReachable = true;
  private lastFailure: unknown;

  /** @param patienceMs how long a server that has no time is waited for */
  constructor(private readonly patienceMs: number) {}

  /**
   * @param open makes a connection
   * @throws {CircuitOpen} when it was not tried
   */
  async connect<Client>(open: () => Promise<Client>): Promise<Client> {
    try {
      const client = await this.attempt(open);
      this.found();
      return client;
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        throw new CircuitOpen(this.lastFailure);
      }
      if (!(error instanceof PoolExhausted)) {
        this.lost(error);
      }
      throw error;
    }
  }

  /** A connection has broken, or could not be made. */
  lost(error: unknown): void {
    this.lastFailure = error;
    if (this.isReachable) {
      this.isReachable = false;
      this.logger.warn({ msg: 'the connection to the database is lost', reason: reasonOf(error) });
    }
  }

  private found(): void {
    if (!this.isReachable) {
      this.isReachable = true;
      this.logger.log({ msg: 'the database is reachable again' });
    }
  }

  /** The breaker would have all wait for the one who tries, however long a server says nothing. */
  private async attempt<Client>(open: () => Promise<Client>): Promise<Client> {
    if (this.isTried()) {
      await Promise.race([this.trial, sleep(TRIAL_MS, undefined, { ref: false })]);
    }
    if (this.isTried()) {
      throw new BrokenCircuitError();
    }
    const attempt = this.breaker.execute(() => this.patiently(open));
    if (this.isTried()) {
      this.trial = attempt.catch(() => undefined);
    }
    return attempt;
  }

  private isTried(): boolean {
    return this.breaker.state === CircuitState.HalfOpen;
  }

  private patiently<Client>(open: () => Promise<Client>): Promise<Client> {
    const deadline = Date.now() + this.patienceMs;
    const isBusy = (error: unknown): boolean =>
      BUSY.includes(sqlStateOf(error) ?? '') && Date.now() < deadline;
    return retry(handleWhen(isBusy), {
      maxAttempts: Number.MAX_SAFE_INTEGER,
      backoff: new ExponentialBackoff({
        initialDelay: FIRST_DELAY_MS,
        maxDelay: LONGEST_DELAY_MS,
      }),
    }).execute(open);
  }
}
