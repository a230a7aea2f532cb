import type { MigrationFailed } from './migration-failed.ts';

/** How far a target has come in a run, and what that has taken. */
export interface Effort {
  readonly target: string;
  /** What has been applied, or taken back, and is stored: whatever became of the rest. */
  readonly migrations: readonly string[];
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
    | { readonly status: 'migrated' | 'rolled-back' }
    /** There was nothing to do any more; or the placement has been taken away meanwhile. */
    | { readonly status: 'up-to-date' | 'gone' }
    | Failure
    /** The run was stopped before. */
    | { readonly status: 'not-reached' }
  );

/** Why a run did not go through all waves. */
export type StopReason =
  | 'interrupted'
  | 'too-many-failures'
  | 'canary-failed'
  | 'wave-failed'
  | 'lock-lost'
  | 'survey-failed';

/** What happens in a run, as it happens (times in milliseconds): a step when it is stored. */
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
