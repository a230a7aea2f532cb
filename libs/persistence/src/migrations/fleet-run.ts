import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { errorParts, isLost, isUnreachable, sqlStateOf } from '../connection/connection-errors.ts';
import type { Wave } from './fleet-waves.ts';
import { MOVED } from './ledger.ts';
import { MigrationFailed } from './migration-failed.ts';
import { afterPart, BUSY, nextPart, type TargetWork } from './migration-script.ts';
import { PartRunner, type PartSettings, type Progress } from './part-runner.ts';
import type { Effort, FailedOutcome, Outcome } from './run-events.ts';
import { WaveRun } from './wave-run.ts';

export interface RunSettings extends Omit<PartSettings, 'runId'> {
  /** How long a target is tried again and again while it is locked, or the server cannot be reached (milliseconds). */
  readonly patienceMs: number;
}

/** What may succeed a moment later. */
const WORTH_ANOTHER_TRY = new Set([BUSY, MOVED, '55P03', '40P01', '40001']);
/** Others write to the server's own catalogs, which it says without a code for it. */
const OTHERS_WRITE = /tuple concurrently (?:updated|deleted)/;
/** A target may not be where it was; its tables may have been dropped, or its schema (undefined_table, invalid_schema_name). */
const MOVED_AWAY = new Set([MOVED, '42P01', '3F000']);
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;

/** What a run asks of the ledger, and tells it, beside what its scripts do. */
export interface RunLedger {
  /** What is left to be done in a target that is not where it was; `null` when it is not there any more. */
  replan(work: TargetWork): Promise<TargetWork | null>;
  remember(runId: string, outcome: FailedOutcome): Promise<void>;
}

/** Of the next attempt. */
function progressOf(job: Job): Progress {
  const attempts = job.attempts + 1;
  return {
    step: null,
    canBeLeft: job.attempts === 0,
    began: () => {
      job.triedAt = performance.now();
      if (job.attempts === 0) {
        // Until now it has waited for its turn.
        job.startedAt = job.triedAt;
      }
      job.attempts = attempts;
    },
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
  /** When it was begun, when it was tried last, and when the first try that failed was begun (milliseconds). */
  startedAt: number;
  triedAt: number;
  failedAt: number | null;
  /** The connection was lost when all may have been stored already. */
  inDoubt: boolean;
  /** Nothing is to be done any more, since the target is not there any more. */
  isGone: boolean;
}

/** Works through targets, many at once, and says of each what became of it. */
export class FleetRun extends WaveRun<TargetWork, Outcome> {
  readonly id = randomUUID();
  private readonly parts;

  /** @param pool the owner's */
  constructor(
    pool: pg.Pool,
    private readonly settings: RunSettings,
    private readonly ledger: RunLedger,
  ) {
    super(settings.concurrency);
    settings.observe({ type: 'run', runId: this.id });
    this.parts = new PartRunner(pool, { ...settings, runId: this.id }, this.limit, this.stopSignal);
  }

  /** Says what is about to be gone through. */
  announce(waves: readonly Wave<TargetWork>[], upToDate: number): void {
    this.settings.observe({
      type: 'waves',
      waves: waves.map(({ name, targets }) => ({ name, placements: targets.length })),
      upToDate,
    });
  }

  /** Works on one target until it is done, has failed for good, or has been tried for long enough. */
  override async perform(work: TargetWork): Promise<Outcome> {
    const outcome = await super.perform(work);
    if (outcome.status === 'failed' && work.list === 'tenant') {
      await this.ledger.remember(this.id, outcome);
    }
    this.settings.observe({ type: 'placement', outcome });
    return outcome;
  }

  protected override async outcomeOf(work: TargetWork): Promise<Outcome> {
    const job: Job = {
      work,
      done: [],
      attempts: 0,
      startedAt: performance.now(),
      triedAt: performance.now(),
      failedAt: null,
      inDoubt: false,
      isGone: false,
    };
    const effort = (): Effort => ({
      target: work.name,
      migrations: job.done,
      attempts: job.attempts,
      durationMs: Math.round(performance.now() - job.startedAt),
    });
    for (;;) {
      const result = await this.attempt(job);
      if (result === 'not-reached') {
        return { ...effort(), status: result };
      }
      if (result === 'done' || job.isGone) {
        return { ...effort(), status: achieved(job) };
      }
      job.failedAt ??= job.triedAt;
      const delayMs = delayAfter(job.attempts);
      const isLate = performance.now() - job.failedAt + delayMs > this.settings.patienceMs;
      if (isLate || this.stopSignal.aborted || !isWorthAnotherTry(result.cause)) {
        return { ...effort(), status: 'failed', error: result };
      }
      const { attempts: attempt } = job;
      this.settings.observe({ type: 'retry', target: work.name, attempt, delayMs, error: result });
      await sleep(delayMs, undefined, { signal: this.stopSignal }).catch(() => undefined);
    }
  }

  /** Goes as far as it gets, part by part. */
  private async attempt(job: Job): Promise<'done' | 'not-reached' | MigrationFailed> {
    if (this.stopSignal.aborted && job.attempts === 0) {
      return 'not-reached';
    }
    const progress = progressOf(job);
    while (job.work.steps.length > 0 || !job.work.isPrepared) {
      progress.step = null;
      const part = nextPart(job.work);
      try {
        if (
          !(await this.parts.carryOut(part, part.steps.length === job.work.steps.length, progress))
        ) {
          return 'not-reached';
        }
      } catch (error) {
        job.inDoubt ||= isLost(error);
        return this.failed(job, progress.step, error);
      }
      progress.made();
      job.done.push(...part.steps.map(({ name }) => name));
      job.work = afterPart(job.work, part);
      if (this.stopSignal.aborted && job.work.steps.length > 0) {
        return 'not-reached';
      }
    }
    return 'done';
  }

  private async failed(job: Job, step: string | null, error: unknown): Promise<MigrationFailed> {
    try {
      if (MOVED_AWAY.has(sqlStateOf(error) ?? '')) {
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
    const left = await this.ledger.replan(job.work);
    job.isGone = left === null;
    job.work = left ?? { ...job.work, isPrepared: true, steps: [] };
    if (job.inDoubt && !job.isGone) {
      const isLeft = new Set(job.work.steps);
      job.done.push(...before.filter((step) => !isLeft.has(step)).map(({ name }) => name));
    }
  }
}

function achieved({
  done,
  isGone,
  work: { direction },
}: Job): 'migrated' | 'rolled-back' | 'up-to-date' | 'gone' {
  if (isGone) {
    return 'gone';
  }
  if (done.length === 0) {
    return 'up-to-date';
  }
  return direction === 'up' ? 'migrated' : 'rolled-back';
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
