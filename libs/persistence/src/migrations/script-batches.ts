import type { BulkheadPolicy } from 'cockatiel';
import type pg from 'pg';
import { isLost } from '../connection/connection-errors.ts';
import { MOST_USES } from '../connection/owner-orm.ts';
import { PREPARED_STATEMENTS, type TargetWork } from './migration-script.ts';
import { type Admission, admit, release } from './placement-admission.ts';
import { type ScriptRow, sendScripts, type SentScript } from './send-scripts.ts';

/** What is to be done in a placement as one transaction. */
export interface Script {
  readonly work: TargetWork;
  /** Whether it need not be begun any more when the run is stopped. */
  readonly canBeLeft: boolean;
  readonly sqlFor: (admission: Admission) => string;
  readonly began: () => void;
  readonly said: (row: ScriptRow) => void;
}

interface Waiting extends Script {
  isBegun: boolean;
  readonly resolve: (isStored: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** One that a session has the lock for. */
interface Admitted {
  readonly script: Waiting;
  readonly sql: string;
}

/** How long a message should take (milliseconds): it is finished when the run is stopped, and what it says comes at its end. */
const MESSAGE_MS = 50;
const MOST_AT_ONCE = 32;
/** So many are not worth being shared with others who might do them at the same time. */
const FEW = 8;

/** How many placements each session has worked on that knows the prepared statements. It may outlast a run. */
const uses = new WeakMap<pg.PoolClient, number>();

/**
 * Carries out scripts of placements, as many in one message as take a moment. Each is a transaction of its own all the same. With
 * the first that fails the message ends; those behind it wait for their turn again.
 */
export class ScriptBatches {
  private readonly waiting: Waiting[] = [];
  private atOnce = 1;

  /**
   * @param pool the owner's
   * @param limit lets as many messages be under way as there are lanes
   * @param stopping has nothing begun any more that can be left
   */
  constructor(
    private readonly pool: pg.Pool,
    private readonly limit: BulkheadPolicy,
    private readonly lanes: number,
    private readonly stopping: AbortSignal,
  ) {}

  /** @returns whether it was carried out: it is not when the run was stopped before */
  carryOut(script: Script): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.waiting.push({ ...script, isBegun: false, resolve, reject });
    this.askForTurns(1);
    return promise;
  }

  /** As many as there are scripts: a turn that finds none left ends at once. */
  private askForTurns(count: number): void {
    for (let turn = 0; turn < count; turn += 1) {
      void this.limit.execute(() => this.takeTurn());
    }
  }

  private async takeTurn(): Promise<void> {
    const scripts = this.next();
    if (scripts.length === 0) {
      return;
    }
    begin(scripts[0]);
    try {
      const notBegun = await this.withSession(scripts.length, (client) =>
        this.carryOutIn(client, scripts),
      );
      this.waiting.unshift(...notBegun);
      this.askForTurns(notBegun.length);
    } catch (error) {
      // The connection is gone: what is not known to be stored may be so all the same.
      scripts.forEach((script) => {
        fail(script, error);
      });
    }
  }

  private next(): readonly Waiting[] {
    if (this.stopping.aborted) {
      this.leaveOut();
    }
    // No more than others could do at the same time.
    const share = Math.max(FEW, Math.ceil(this.waiting.length / this.lanes));
    return this.waiting.splice(0, Math.min(this.atOnce, share));
  }

  private leaveOut(): void {
    const scripts = this.waiting.splice(0);
    this.waiting.push(...scripts.filter(({ canBeLeft }) => !canBeLeft));
    for (const { resolve } of scripts.filter(({ canBeLeft }) => canBeLeft)) {
      resolve(false);
    }
  }

  private async withSession<Result>(
    placements: number,
    work: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.pool.connect();
    try {
      if (!uses.has(client)) {
        await client.query(PREPARED_STATEMENTS);
      }
      const used = (uses.get(client) ?? 0) + placements;
      uses.set(client, used);
      const result = await work(client);
      client.release(used >= MOST_USES);
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** @returns those that have not been begun, since one before them has failed */
  private async carryOutIn(
    client: pg.PoolClient,
    scripts: readonly Waiting[],
  ): Promise<readonly Waiting[]> {
    const start = performance.now();
    const admitted = await admittedOf(client, scripts);
    const { stored, error } = await sendScripts(client, sent(admitted));
    const failed = admitted[stored]?.script;
    try {
      if (error && isLost(error)) {
        throw error;
      }
      if (failed) {
        await client.query('rollback');
      }
      await release(client);
    } finally {
      // Only now: whoever hears of it finds the locks free.
      admitted.slice(0, stored).forEach(({ script }) => {
        script.resolve(true);
      });
      if (failed && !isLost(error)) {
        fail(failed, error);
      }
    }
    this.atOnce = failed ? 1 : sizeAfter(this.atOnce, performance.now() - start);
    return admitted.slice(stored + 1).map(({ script }) => script);
  }
}

/** Those that can be worked on. The others are told why they cannot. */
async function admittedOf(
  client: pg.PoolClient,
  scripts: readonly Waiting[],
): Promise<readonly Admitted[]> {
  const works = scripts.map(({ work }) => work);
  const admissions = await admit(client, works);
  return scripts.flatMap((script) => {
    try {
      return [{ script, sql: script.sqlFor(admissions(script.work)) }];
    } catch (error) {
      fail(script, error);
      return [];
    }
  });
}

function sent(admitted: readonly Admitted[]): readonly SentScript[] {
  begin(admitted[0]?.script);
  return admitted.map(({ script, sql }, index) => ({
    sql,
    steps: script.work.steps.length,
    said: script.said,
    stored: () => {
      begin(admitted[index + 1]?.script);
    },
  }));
}

function begin(script: Waiting | undefined): void {
  if (script?.isBegun === false) {
    script.isBegun = true;
    script.began();
  }
}

function fail(script: Waiting, error: unknown): void {
  begin(script);
  script.reject(error);
}

function sizeAfter(size: number, tookMs: number): number {
  if (tookMs > MESSAGE_MS) {
    return Math.max(1, Math.floor(size / 2));
  }
  return tookMs < MESSAGE_MS / 2 ? Math.min(MOST_AT_ONCE, size * 2) : size;
}
