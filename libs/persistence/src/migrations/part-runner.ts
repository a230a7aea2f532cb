import { bulkhead, type BulkheadPolicy } from 'cockatiel';
import type pg from 'pg';
import { performBackfill } from './backfill-step.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { type ConcurrentOptions, performConcurrently } from './concurrent-step.ts';
import {
  catalogScript,
  isAlone,
  placementScript,
  type ScriptOptions,
  type TargetWork,
} from './migration-script.ts';
import { release } from './placement-admission.ts';
import type { RunEvent } from './run-events.ts';
import { ScriptBatches } from './script-batches.ts';
import { type ScriptRow, sendScripts } from './send-scripts.ts';

/** How what is to be done in a target is done. */
export interface PartSettings extends ScriptOptions, ConcurrentOptions {
  /** How many targets are worked on at once. */
  readonly concurrency: number;
  readonly observe: (event: RunEvent) => void;
}

/** Of one attempt. */
export interface Progress {
  /** Which step has begun. */
  step: string | null;
  /** Whether it need not be begun any more when the run is stopped. */
  readonly canBeLeft: boolean;
  /** It has waited for its turn until now. */
  readonly began: () => void;
  /** Something has been stored: what has failed before counts no more. */
  readonly made: () => void;
}

/** Does what is to be done in targets, part by part: a script in a transaction, or a step that is none. */
export class PartRunner {
  /** Concurrent indexes of one database wait for each other anyway. */
  private readonly oneAtATime = bulkhead(1, Number.MAX_SAFE_INTEGER);

  private readonly batches;

  /**
   * @param pool the owner's
   * @param limit lets so many targets be worked on at once
   * @param stopping ends a backfill after its batch
   */
  constructor(
    private readonly pool: pg.Pool,
    private readonly settings: PartSettings,
    private readonly limit: BulkheadPolicy,
    private readonly stopping: AbortSignal,
  ) {
    this.batches = new ScriptBatches(pool, limit, settings.concurrency, stopping);
  }

  /**
   * Does one part of what is to be done in a target.
   * @param isLast whether the target is as it has to be afterwards
   * @returns whether it came to its end
   */
  async carryOut(part: TargetWork, isLast: boolean, progress: Progress): Promise<boolean> {
    const { verifySql, ...settings } = this.settings;
    const options = { ...settings, ...(isLast && { verifySql }) };
    const took: [step: string, ms: number][] = [];
    const said = ({ step, tookMs }: ScriptRow): void => {
      progress.step = step ?? progress.step;
      if (tookMs !== undefined && progress.step !== null) {
        took.push([progress.step, tookMs]);
      }
    };
    const isStored = await this.perform(part, options, progress, said);
    if (isStored) {
      for (const [step, ms] of took) {
        this.stepDone(part, step, ms);
      }
    }
    return isStored;
  }

  private async perform(
    part: TargetWork,
    options: ScriptOptions & ConcurrentOptions,
    progress: Progress,
    said: (row: ScriptRow) => void,
  ): Promise<boolean> {
    if (part.list === 'tenant' && !isAlone(part)) {
      return this.batches.carryOut({
        work: part,
        canBeLeft: progress.canBeLeft,
        sqlFor: ({ hasFailed }) => placementScript(part, options, hasFailed),
        began: progress.began,
        said,
      });
    }
    return this.limit.execute(async () => {
      if (this.stopping.aborted && progress.canBeLeft) {
        return false;
      }
      progress.began();
      const [step] = part.steps;
      if (step && isAlone(part)) {
        progress.step = step.name;
        return this.carryOutAlone(part, step, options, progress);
      }
      await this.send(part, catalogScript(part, options), said);
      return true;
    });
  }

  private async carryOutAlone(
    part: TargetWork,
    step: CompiledMigration,
    options: ScriptOptions & ConcurrentOptions,
    progress: Progress,
  ): Promise<boolean> {
    const { backfill } = step;
    if (!backfill) {
      return this.oneAtATime.execute(() => this.buildIndexes(part, step, options, progress));
    }
    const { name: target } = part;
    const onProgress = (changed: number): void => {
      progress.made();
      this.settings.observe({ type: 'backfill', target, migration: step.name, changed });
    };
    const start = performance.now();
    const { stopping } = this;
    const isDone = await this.alone((client) =>
      performBackfill(client, part, { ...step, backfill }, { ...options, onProgress, stopping }),
    );
    if (isDone) {
      this.stepDone(part, step.name, Math.round(performance.now() - start));
    }
    return isDone;
  }

  private async buildIndexes(
    part: TargetWork,
    step: CompiledMigration,
    options: ScriptOptions & ConcurrentOptions,
    progress: Progress,
  ): Promise<boolean> {
    // It may have waited for its turn for long.
    if (this.stopping.aborted) {
      return false;
    }
    progress.began();
    const start = performance.now();
    await this.alone((client) => performConcurrently(client, part, step, options));
    this.stepDone(part, step.name, Math.round(performance.now() - start));
    return true;
  }

  private stepDone({ name: target }: TargetWork, migration: string, durationMs: number): void {
    this.settings.observe({ type: 'step', target, migration, durationMs });
  }

  /** With a connection that nobody else uses afterwards. */
  private async alone<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    try {
      const result = await work(client);
      // At once, and not when the server finds that the connection is closed: what comes next needs them.
      await release(client);
      return result;
    } finally {
      client.release(true);
    }
  }

  private async send(
    { steps: { length } }: TargetWork,
    sql: string,
    said: (row: ScriptRow) => void,
  ): Promise<void> {
    const client = await this.pool.connect();
    const script = { sql, steps: length, said, stored: () => undefined };
    const { error } = await sendScripts(client, [script]);
    // It may be in a transaction that has failed.
    client.release(error !== undefined);
    if (error !== undefined) {
      throw error;
    }
  }
}
