/** What went wrong, in terms that any caller can act on; the API turns each into one HTTP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'stale'
  | 'rule-violated'
  | 'too-many'
  | 'unavailable'
  | 'cancelled'
  | 'outcome-unknown';

/** What else there is to say of an error. */
export interface DomainErrorOptions extends ErrorOptions {
  /** The rule of what is stored that would be broken, by its name there: safe to show. */
  readonly constraint?: string | undefined;
}

/** An error that the caller can understand and act on: its message is safe to show. */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  readonly constraint: string | undefined;

  /** @param code stable and machine-readable, such as `project-archived` */
  constructor(
    readonly code: string,
    message: string,
    { constraint, ...options }: DomainErrorOptions = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    this.constraint = constraint;
  }
}

/** A value that is not well-formed, wherever it came from. */
export class InvalidValue extends DomainError {
  readonly kind = 'invalid';

  constructor(what: string, requirement: string) {
    super(`invalid-${what.replaceAll(' ', '-')}`, `The ${what} ${requirement}.`);
  }
}

/** There is no such thing in the current scope. Another tenant's row answers exactly like this. */
export class NotFound extends DomainError {
  readonly kind = 'not-found';

  constructor(what: string) {
    super(`${what}-not-found`, `There is no such ${what}.`);
  }
}

/** The request cannot be reconciled with what is stored. */
export class Conflict extends DomainError {
  readonly kind = 'conflict';
}

/** The caller acted on a version that has been replaced since. */
export class StaleVersion extends DomainError {
  readonly kind = 'stale';

  /** @param current the version that it has now, where that is known */
  constructor(what: string, current?: number, options?: ErrorOptions) {
    const now = current === undefined ? '' : ` Its version is ${current} now.`;
    super(`${what}-stale`, `The ${what} has been changed since: read it again.${now}`, options);
  }
}

/** A rule of the business forbids it in the present state. */
export class RuleViolation extends DomainError {
  readonly kind = 'rule-violated';
}

/**
 * The database was lost while it stored something, and could not be asked since: it is stored, or it is not. Whoever sends
 * it again may do it twice, unless it is sent in a way that is safe to repeat.
 */
export class CommitOutcomeUnknown extends DomainError {
  readonly kind = 'outcome-unknown';

  /** @param markerId of the mark that is there if it was stored, and never will be if it was not */
  constructor(
    readonly markerId: string,
    options?: ErrorOptions,
  ) {
    super(
      'commit-outcome-unknown',
      `It is not known whether it was stored (${markerId}).`,
      options,
    );
  }
}

/** Whoever asked for it has gone away, or does not want it any more: nothing of it was done. */
export class Cancelled extends DomainError {
  readonly kind = 'cancelled';

  constructor(options?: ErrorOptions) {
    super('cancelled', 'It was cancelled by whoever asked for it.', options);
  }
}

/** The caller asks for more at once than it may. */
export class TooMany extends DomainError {
  readonly kind = 'too-many';
}

/** It cannot be done just now, through no fault of the caller's; trying again later may help. */
export class Unavailable extends DomainError {
  readonly kind = 'unavailable';
}
