import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Probe, ProbeCannotConnect, type Queryable } from '@tenantry/persistence';
import { type Indicator, OFTEN_MS } from './indicator.ts';
import { type Reading, unknown } from './reading.ts';

/** A reading, and when it was taken. */
export interface Observation extends Reading {
  readonly time: string;
}

interface Sample {
  readonly time: string;
  /** By a clock that nobody sets, in milliseconds. */
  readonly at: number;
  readonly readings: readonly Reading[];
}

/** A sample is too old when so many that should have followed did not. */
const MISSED = 3;
/** Processes that were started together do not all ask at once. */
const JITTER = 0.1;

/**
 * Has each indicator look at the database, one after the other, and keeps what they have found: whoever asks for it costs the
 * database nothing.
 */
export class Sampler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Health');
  private readonly samples = new Map<Indicator, Sample>();
  private readonly ended = new AbortController();
  private passing: Promise<void> | undefined;

  /** Whatever comes after what takes longest has to wait for it. */
  private readonly longestMs: number;

  /** @param runs whether it takes samples by itself, from the start on; else when it is asked to */
  constructor(
    private readonly indicators: readonly Indicator[],
    private readonly probe: Probe,
    private readonly runs: boolean,
  ) {
    this.longestMs = Math.max(...indicators.map(({ deadlineMs }) => deadlineMs));
  }

  /** The start does not wait for it. */
  onApplicationBootstrap(): void {
    if (this.runs) {
      void this.run();
    }
  }

  onApplicationShutdown(): void {
    this.ended.abort();
    this.probe.close();
  }

  /**
   * Takes samples, and never does so twice at once.
   * @param isWanted of what; of all that is due, unless this says otherwise
   */
  async pass(isWanted = (indicator: Indicator): boolean => this.isDue(indicator)): Promise<void> {
    const before = this.passing;
    await before;
    this.passing ??= this.sample(this.indicators.filter(isWanted)).finally(() => {
      this.passing = undefined;
    });
    await this.passing;
  }

  /** What is known, by the names of the indicators. What is too old is no more than a warning's worth. */
  observations(): Readonly<Record<string, readonly Observation[]>> {
    return Object.fromEntries(
      this.indicators.map((indicator) => [indicator.name, this.observationsOf(indicator)]),
    );
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      await this.pass();
      const jitter = 1 - JITTER + 2 * JITTER * Math.random();
      await sleep(OFTEN_MS * jitter, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  private async sample(indicators: readonly Indicator[]): Promise<void> {
    const database = new OneAttempt(this.probe);
    // What takes long comes last, so that it holds up nothing but itself.
    for (const indicator of indicators.toSorted(
      (one, other) => one.deadlineMs - other.deadlineMs,
    )) {
      if (!this.ended.signal.aborted) {
        const readings = await this.readingsOf(indicator, database);
        this.samples.set(indicator, {
          time: new Date().toISOString(),
          at: performance.now(),
          readings,
        });
      }
    }
  }

  private isDue(indicator: Indicator): boolean {
    const sample = this.samples.get(indicator);
    return !sample || performance.now() - sample.at >= indicator.everyMs * (1 - 2 * JITTER);
  }

  private async readingsOf(
    indicator: Indicator,
    database: OneAttempt,
  ): Promise<readonly Reading[]> {
    const { name, deadlineMs } = indicator;
    try {
      return await inTime(deadlineMs, indicator.observe(database.within(deadlineMs)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.debug({ msg: 'an indicator could not look at the database', name, reason });
      return [unknown(name, reason, 'See whether the server can be reached, and the reason.')];
    }
  }

  private observationsOf(indicator: Indicator): readonly Observation[] {
    const sample = this.samples.get(indicator);
    if (!sample) {
      const time = new Date().toISOString();
      return [{ ...unknown(indicator.name, 'no sample has been taken yet', 'Ask again.'), time }];
    }
    const ageMs = performance.now() - sample.at;
    const isStale = ageMs > MISSED * indicator.everyMs + this.longestMs;
    const { time } = sample;
    return sample.readings.map((reading) =>
      isStale && reading.status === 'pass'
        ? { ...reading, ...stale(ageMs), time }
        : { ...reading, time },
    );
  }
}

function stale(ageMs: number): Pick<Reading, 'status' | 'output' | 'advice'> {
  return {
    status: 'warn',
    output: `the sample is ${Math.round(ageMs / 1_000)} s old`,
    advice: 'No more samples are taken: see the log, or start the process again.',
  };
}

/** The database in one pass: once it cannot be reached, nobody else waits for that again. */
class OneAttempt {
  private failure: Error | undefined;

  constructor(private readonly probe: Probe) {}

  within(deadlineMs: number): Queryable {
    const database = this.probe.within(deadlineMs);
    return {
      execute: async <Rows extends object[]>(sql: string, parameters?: unknown[]) => {
        if (this.failure) {
          throw this.failure;
        }
        try {
          return await database.execute<Rows>(sql, parameters);
        } catch (error) {
          if (error instanceof ProbeCannotConnect) {
            this.failure = error;
          }
          throw error;
        }
      },
    };
  }
}

/** An indicator of somebody's own may wait for other things than the database. */
async function inTime<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  // Later than what is asked of the database, which says more.
  const timer = setTimeout(() => {
    late.reject(new Error(`it has taken longer than ${ms} ms`));
  }, ms + 100);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
