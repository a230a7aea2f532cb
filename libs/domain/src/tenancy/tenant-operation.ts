import { BaseEntity, change } from '../base-entity.ts';
import { RuleViolation } from '../domain-error.ts';
import { type Id, newId } from '../id.ts';
import type { Tenant } from './tenant.ts';

export type TenantOperationId = Id<'TenantOperation'>;

/** The steps of each kind of operation, in their order. Each may be done again: it does what is still to be done. */
export const OPERATION_STEPS = {
  provision: ['catalog', 'schema', 'migrations', 'seed', 'active'],
  delete: ['rows', 'placement', 'deleted'],
} as const;
export type OperationKind = keyof typeof OPERATION_STEPS;
export type OperationStep = (typeof OPERATION_STEPS)[OperationKind][number];

export const OPERATION_KINDS = Object.keys(OPERATION_STEPS) as OperationKind[];
export const OPERATION_STATUSES = ['pending', 'done', 'failed'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/** After so many attempts nobody tries by themselves any more. */
export const MOST_ATTEMPTS = 5;
const FIRST_DELAY_MS = 1_000;

/** What a deletion has to show for itself. */
export interface DeletionReport {
  /** How many rows of the tenant each table still has. */
  readonly rowsLeft?: Readonly<Record<string, number>>;
  /** What became of the database role of its own placement; another database of the server may still use it. */
  readonly role?: 'dropped' | 'kept';
}

/**
 * Work on a tenant that only the provisioner can do: it is requested, and carried out step by step. Each step is recorded
 * when it is done, so whoever goes on after an interruption knows where.
 */
export class TenantOperation extends BaseEntity<TenantOperationId> {
  readonly tenant: Tenant;
  readonly kind: OperationKind;
  /** The last step that is done. */
  readonly step: OperationStep | null;
  readonly status: OperationStatus = 'pending';
  readonly attempts: number = 0;
  /** Why the last attempt failed, without values. */
  readonly error: string | null = null;
  /** Not to be tried again before; `null` for at once, whatever the time is where it was requested. */
  readonly dueAt: Date | null = null;
  readonly report: DeletionReport = {};

  private constructor(tenant: Tenant, kind: OperationKind, step: OperationStep | null) {
    super(newId());
    this.tenant = tenant;
    this.kind = kind;
    this.step = step;
  }

  /** The tenant's row is stored together with this: the first step is done then. */
  static provision(tenant: Tenant): TenantOperation {
    return new TenantOperation(tenant, 'provision', 'catalog');
  }

  /** @throws {RuleViolation} unless the tenant is archived */
  static deletion(tenant: Tenant): TenantOperation {
    tenant.mustBeArchived();
    return new TenantOperation(tenant, 'delete', null);
  }

  /** What is still to be done, in order. */
  get remaining(): readonly OperationStep[] {
    const steps: readonly OperationStep[] = OPERATION_STEPS[this.kind];
    // After a step that only an earlier version knew, all of them are done again.
    return this.status === 'done' ? [] : steps.slice(steps.indexOf(this.step as never) + 1);
  }

  /** The next step is done. The last one changes the tenant itself. */
  finish(step: OperationStep, report: DeletionReport = {}): void {
    const [next, ...later] = this.remaining;
    if (step !== next) {
      throw new RuleViolation('operation-step', `The next step is ${next ?? 'none'}, not ${step}.`);
    }
    if (step === 'active') {
      this.tenant.activate();
    } else if (step === 'deleted') {
      this.tenant.erase();
    }
    change<TenantOperation>(this, {
      step,
      status: later.length > 0 ? 'pending' : 'done',
      error: null,
      report: { ...this.report, ...report },
    });
  }

  /** An attempt failed: the next one waits twice as long as the one before, until there have been enough. */
  fail(error: string, now: Date): void {
    const attempts = this.attempts + 1;
    change<TenantOperation>(this, {
      attempts,
      error,
      status: attempts < MOST_ATTEMPTS ? 'pending' : 'failed',
      dueAt: new Date(now.getTime() + FIRST_DELAY_MS * 2 ** (attempts - 1)),
    });
  }

  /** Whether it is to be carried out at that time. */
  isDue(now: Date): boolean {
    return this.status === 'pending' && (this.dueAt === null || this.dueAt <= now);
  }

  /** Somebody wants it tried again, from the step that failed, and now. */
  retry(): void {
    if (this.status !== 'done') {
      change<TenantOperation>(this, { status: 'pending', attempts: 0, dueAt: null });
    }
  }

  /** A tenant that never became active is not wanted any more: what was made for it is taken away again. */
  takeBack(): void {
    this.tenant.mustBeDispensable();
    if (this.kind === 'provision') {
      change<TenantOperation>(this, { kind: 'delete', step: null });
    }
    this.retry();
  }
}
