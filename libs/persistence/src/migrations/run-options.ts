import type { RefusalOptions } from './fleet-refusals.ts';
import type { Wave, WaveOptions } from './fleet-waves.ts';
import type { RollbackGoal } from './rollback.ts';
import type { RunEvent } from './run-events.ts';

/** How a run goes (times in milliseconds). */
export interface RunOptions extends WaveOptions {
  /**
   * The run is stopped when more placements fail than this, or than this share of what is to be done: `3`, `5%`. Where it is
   * not said, it ends after the wave in which something has failed.
   */
  readonly maxFailures?: number | `${number}%`;
  /** How long a statement may wait for a lock: others wait behind it meanwhile. */
  readonly lockTimeoutMs?: number;
  /** How long a placement is tried again and again while it is locked, or the server cannot be reached. */
  readonly patienceMs?: number;
  /** A query that has to give `true` in each placement before what was done there is stored. */
  readonly verifySql?: string;
  /** Ends the run: what is under way is finished, and nothing else is begun. */
  readonly signal?: AbortSignal;
  /** Is told what happens, as it happens. */
  readonly observe?: (event: RunEvent) => void;
}

export interface MigrateOptions extends RunOptions, RefusalOptions {
  /** Whether contracts are applied too: when nobody needs any more what they take away. */
  readonly contract?: boolean;
  /** Whether this is production: then the database is marked as production's, for good. */
  readonly production?: boolean;
}
export interface RollbackOptions extends RunOptions, RollbackGoal {}
export type BaselineOptions = Pick<RunOptions, 'only' | 'exclude' | 'signal'>;

/** How many may fail without the run being stopped; `undefined` where it is not said. */
export function mostFailures(
  { maxFailures }: Pick<RunOptions, 'maxFailures'>,
  waves: readonly Wave<unknown>[],
): number | undefined {
  if (typeof maxFailures !== 'string') {
    return maxFailures;
  }
  const planned = waves.reduce((sum, { targets }) => sum + targets.length, 0);
  return (planned * Number.parseFloat(maxFailures)) / 100;
}
