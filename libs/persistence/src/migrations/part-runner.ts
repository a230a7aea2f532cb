import { bulkhead } from 'cockatiel';
import pg from 'pg';
import { performBackfill } from './backfill-step.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { type ConcurrentOptions, performConcurrently } from './concurrent-step.ts';
import { isAlone, scriptOf, type ScriptOptions, type TargetWork } from './migration-script.ts';
import type { RunEvent } from './run-events.ts';

/** How what is to be done in a target is done. */
export interface PartSettings extends ScriptOptions, ConcurrentOptions {
  readonly observe: (event: RunEvent) => void;
}

/** What a script says while it is carried out. */
interface Row {
  readonly step?: string;
  readonly tookMs?: number;
}

/** Of one attempt. */
export interface Progress {
  /** Which step has begun. */
  step: string | null;
  /** It has waited for its turn until now. */
  began(): void;
  /** Something has been stored: what has failed before counts no more. */
  made(): void;
}

/** Does what is to be done in targets, part by part: a script in a transaction, or a step that is none. */
export class PartRunner {
  /** Concurrent indexes of one database wait for each other anyway. */
  private readonly oneAtATime = bulkhead(1, Number.MAX_SAFE_INTEGER);

  /**
   * @param pool the owner's
   * @param stopping ends a backfill after its batch
   */
  constructor(
    private readonly pool: pg.Pool,
    private readonly settings: PartSettings,
    private readonly stopping: AbortSignal,
  ) {}

  /**
   * Does one part of what is to be done in a target.
   * @param isLast whether the target is as it has to be afterwards
   * @returns whether it came to its end
   */
  async carryOut(part: TargetWork, isLast: boolean, progress: Progress): Promise<boolean> {
    const { verifySql, ...settings } = this.settings;
    const options = { ...settings, ...(isLast && { verifySql }) };
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
      await client.query('select pg_advisory_unlock_all()');
      return result;
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
