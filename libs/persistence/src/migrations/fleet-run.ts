import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { bulkhead } from 'cockatiel';
import pg from 'pg';
import { errorParts, isLost, isUnreachable, sqlStateOf } from '../connection/connection-errors.ts';
import { performBackfill } from './backfill-step.ts';
import { type ConcurrentOptions, performConcurrently } from './concurrent-step.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import type { Wave } from './fleet-waves.ts';
import { MOVED } from './ledger.ts';
import { MigrationFailed } from './migration-failed.ts';
import {
  afterPart,
  BUSY,
  isAlone,
  nextPart,
  scriptOf,
  type ScriptOptions,
  type TargetWork,
} from './migration-script.ts';

interface Effort {
  readonly target: string;
  /** How often it was tried. */
  readonly attempts: number;
  readonly durationMs: number;
}

interface Failure {
  readonly status: 'failed';
  readonly error: MigrationFailed;
}
export type FailedOutcome = Effort & Failure;

/** What became of one target in a run. */
export type Outcome = Effort &
  (
    | { readonly status: 'migrated' | 'rolled-back'; readonly migrations: readonly string[] }
    /** There was nothing to do any more. */
    | { readonly status: 'up-to-date' }
    | Failure
    /** The run was stopped before. */
    | { readonly status: 'not-reached' }
  );

/** Why a run did not go through all waves. */
export type StopReason = 'interrupted' | 'too-many-failures' | 'canary-failed' | 'lock-lost';

/** What happens in a run, as it happens (times in milliseconds). */
export type RunEvent =
  | { readonly type: 'run'; readonly runId: string }
  | {
      readonly type: 'waves';
      readonly waves: readonly { readonly name: string; readonly placements: number }[];
      /** How many targets have nothing to be done. */
      readonly upToDate: number;
    }
  | {
      readonly type: 'step';
      readonly target: string;
      readonly migration: string;
      readonly durationMs: number;
    }
  | {
      readonly type: 'backfill';
      readonly target: string;
      readonly migration: string;
      /** How many rows it has changed up to now. */
      readonly changed: number;
    }
  | {
      readonly type: 'retry';
      readonly target: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: MigrationFailed;
    }
  | { readonly type: 'placement'; readonly outcome: Outcome };

export interface RunSettings extends Omit<ScriptOptions, 'runId'> {
  /** How many targets are worked on at once. */
  readonly concurrency: number;
  /** How long a target is tried again and again while it is locked, or the server cannot be reached (milliseconds). */
  readonly patienceMs: number;
  readonly observe: (event: RunEvent) => void;
}

/** What may succeed a moment later. */
const WORTH_ANOTHER_TRY = new Set([BUSY, MOVED, '55P03', '40P01', '40001']);
/** Others write to the server's own catalogs, which it says without a code for it. */
const OTHERS_WRITE = /tuple concurrently (?:updated|deleted)/;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;

/** What a run asks of the ledger, and tells it, beside what its scripts do. */
export interface RunLedger {
  /** What is left to be done in a target that is not where it was. */
  replan(work: TargetWork): Promise<TargetWork>;
  remember(runId: string, outcome: FailedOutcome): Promise<void>;
}

/** What a script says while it is carried out. */
interface Row {
  readonly step?: string;
  readonly tookMs?: number;
}

/** Of one attempt. */
interface Progress {
  /** Which step has begun. */
  step: string | null;
  /** Something has been stored: what has failed before counts no more. */
  made(): void;
}

function progressOf(job: Job): Progress {
  return {
    step: null,
    made: () => {
      job.failedAt = null;
    },
  };
}

/** One target, and how far it has come. */
interface Job {
  /** What is left to be done. */
  work: TargetWork;
  /** The migrations that have been done. */
  readonly done: string[];
  attempts: number;
  /** When it was begun, and when it first failed (milliseconds). */
  startedAt: number;
  failedAt: number | null;
  /** The connection was lost when all may have been stored already. */
  inDoubt: boolean;
}

/** Works through targets, many at once, and says of each what became of it. */
export class FleetRun {
  readonly id = randomUUID();
  private readonly stopping = new AbortController();
  private readonly limit;
  /** Concurrent indexes of one database wait for each other anyway. */
  private readonly oneAtATime = bulkhead(1, Number.MAX_SAFE_INTEGER);
  private reason: StopReason | null = null;
  private failures = 0;
  private mostFailures = Infinity;

  /** @param pool the owner's */
  constructor(
    private readonly pool: pg.Pool,
    private readonly settings: RunSettings,
    private readonly ledger: RunLedger,
  ) {
    settings.observe({ type: 'run', runId: this.id });
    this.limit = bulkhead(settings.concurrency, Number.MAX_SAFE_INTEGER);
  }

  /** Why it was stopped; `null` when it was not. */
  get stopped(): StopReason | null {
    return this.reason;
  }

  stopOn(signal: AbortSignal, reason: StopReason): void {
    if (signal.aborted) {
      this.stop(reason);
    }
    signal.addEventListener('abort', () => {
      this.stop(reason);
    });
  }

  /** Says what is about to be gone through. */
  announce(waves: readonly Wave<TargetWork>[], upToDate: number): void {
    this.settings.observe({
      type: 'waves',
      waves: waves.map(({ name, targets }) => ({ name, placements: targets.length })),
      upToDate,
    });
  }

  /** What is under way is finished, and nothing else is begun. */
  stop(reason: StopReason): void {
    this.reason ??= reason;
    this.stopping.abort();
  }

  /**
   * One wave after the other.
   * @param mostFailures it is stopped when more targets fail, of this and what was gone through before
   */
  async through(
    waves: readonly Wave<TargetWork>[],
    mostFailures: number,
  ): Promise<readonly Outcome[]> {
    this.mostFailures = mostFailures;
    const outcomes: Outcome[] = [];
    for (const { targets, isCanary } of waves) {
      outcomes.push(...(await Promise.all(targets.map((work) => this.perform(work)))));
      if (isCanary && this.failures > 0) {
        this.stop('canary-failed');
      }
    }
    return outcomes;
  }

  /** Works on one target until it is done, has failed for good, or has been tried for long enough. */
  async perform(work: TargetWork): Promise<Outcome> {
    const outcome = await this.outcomeOf(work);
    if (outcome.status === 'failed') {
      if (++this.failures > this.mostFailures) {
        this.stop('too-many-failures');
      }
      if (work.list === 'tenant') {
        await this.ledger.remember(this.id, outcome);
      }
    }
    this.settings.observe({ type: 'placement', outcome });
    return outcome;
  }

  private async outcomeOf(work: TargetWork): Promise<Outcome> {
    const job: Job = {
      work,
      done: [],
      attempts: 0,
      startedAt: performance.now(),
      failedAt: null,
      inDoubt: false,
    };
    const effort = (): Effort => ({
      target: work.name,
      attempts: job.attempts,
      durationMs: Math.round(performance.now() - job.startedAt),
    });
    for (;;) {
      const result = await this.limit.execute(() => this.attempt(job));
      if (result === 'not-reached') {
        return { ...effort(), status: result };
      }
      if (result === 'done') {
        return { ...effort(), ...achieved(job) };
      }
      job.failedAt ??= performance.now();
      const delayMs = delayAfter(job.attempts);
      const isLate = performance.now() - job.failedAt + delayMs > this.settings.patienceMs;
      if (isLate || this.stopping.signal.aborted || !isWorthAnotherTry(result.cause)) {
        return { ...effort(), status: 'failed', error: result };
      }
      const { attempts: attempt } = job;
      this.settings.observe({ type: 'retry', target: work.name, attempt, delayMs, error: result });
      await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** Goes as far as it gets, part by part. */
  private async attempt(job: Job): Promise<'done' | 'not-reached' | MigrationFailed> {
    if (this.stopping.signal.aborted && job.attempts === 0) {
      return 'not-reached';
    }
    if (job.attempts++ === 0) {
      // Until now it has waited for its turn.
      job.startedAt = performance.now();
    }
    while (job.work.steps.length > 0 || !job.work.isPrepared) {
      const progress = progressOf(job);
      const part = nextPart(job.work);
      try {
        if (!(await this.carryOut(part, part.steps.length === job.work.steps.length, progress))) {
          return 'not-reached';
        }
      } catch (error) {
        job.inDoubt ||= isLost(error);
        return this.failed(job, progress.step, error);
      }
      progress.made();
      job.done.push(...part.steps.map(({ name }) => name));
      job.work = afterPart(job.work, part);
      if (this.stopping.signal.aborted && job.work.steps.length > 0) {
        return 'not-reached';
      }
    }
    return 'done';
  }

  /**
   * @param isLast whether the target is as it has to be afterwards
   * @returns whether it came to its end
   */
  private async carryOut(part: TargetWork, isLast: boolean, progress: Progress): Promise<boolean> {
    const { verifySql, ...settings } = this.settings;
    const options = { ...settings, runId: this.id, ...(isLast && { verifySql }) };
    const [step] = part.steps;
    if (step && isAlone(part)) {
      progress.step = step.name;
      return this.carryOutAlone(part, step, options, progress);
    }
    await this.send(scriptOf(part, options), (row) => {
      progress.step = row.step ?? progress.step;
      if (row.tookMs !== undefined && progress.step !== null) {
        this.stepDone(part, progress.step, row.tookMs);
      }
    });
    return true;
  }

  private async carryOutAlone(
    part: TargetWork,
    step: CompiledMigration,
    options: ScriptOptions & ConcurrentOptions,
    progress: Progress,
  ): Promise<boolean> {
    const { backfill } = step;
    const start = performance.now();
    const onProgress = (changed: number): void => {
      progress.made();
      this.settings.observe({ type: 'backfill', target: part.name, migration: step.name, changed });
    };
    const isDone = await (backfill
      ? this.alone((client) =>
          performBackfill(
            client,
            part,
            { ...step, backfill },
            {
              ...options,
              onProgress,
              stopping: this.stopping.signal,
            },
          ),
        )
      : this.oneAtATime.execute(() =>
          this.alone(async (client) => {
            await performConcurrently(client, part, step, options);
            return true;
          }),
        ));
    if (isDone) {
      this.stepDone(part, step.name, Math.round(performance.now() - start));
    }
    return isDone;
  }

  private stepDone({ name: target }: TargetWork, migration: string, durationMs: number): void {
    this.settings.observe({ type: 'step', target, migration, durationMs });
  }

  private async failed(job: Job, step: string | null, error: unknown): Promise<MigrationFailed> {
    try {
      if (sqlStateOf(error) === MOVED) {
        await this.replan(job);
      }
      return new MigrationFailed(job.work.name, step, error);
    } catch (reason) {
      return new MigrationFailed(job.work.name, step, reason);
    }
  }

  /** What was done meanwhile was done by itself, when a reply was lost, or by someone else. */
  private async replan(job: Job): Promise<void> {
    const before = job.work.steps;
    job.work = await this.ledger.replan(job.work);
    if (job.inDoubt) {
      const isLeft = new Set(job.work.steps);
      job.done.push(...before.filter((step) => !isLeft.has(step)).map(({ name }) => name));
    }
  }

  /** With a connection that nobody else uses afterwards. */
  private async alone<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    try {
      return await work(client);
    } finally {
      client.release(true);
    }
  }

  private async send(sql: string, onRow: (row: Row) => void): Promise<void> {
    const client = await this.pool.connect();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const query = new pg.Query<Row>(sql);
    query.on('row', onRow);
    query.on('error', reject);
    query.on('end', () => {
      resolve(undefined);
    });
    client.query(query);
    try {
      await promise;
      client.release();
    } catch (error) {
      // It is in a transaction that has failed.
      client.release(true);
      throw error;
    }
  }
}

function achieved({
  done,
  work: { direction },
}: Job):
  { status: 'migrated' | 'rolled-back'; migrations: readonly string[] } | { status: 'up-to-date' } {
  return done.length === 0
    ? { status: 'up-to-date' }
    : { status: direction === 'up' ? 'migrated' : 'rolled-back', migrations: done };
}

function isWorthAnotherTry(error: unknown): boolean {
  const state = sqlStateOf(error);
  return (
    (state !== undefined && WORTH_ANOTHER_TRY.has(state)) ||
    isUnreachable(error) ||
    isLost(error) ||
    OTHERS_WRITE.test(errorParts(error).message)
  );
}

/** Ever longer, and never the same for two that wait for the same. */
function delayAfter(attempts: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  return Math.round(delay * (0.5 + Math.random()));
}
