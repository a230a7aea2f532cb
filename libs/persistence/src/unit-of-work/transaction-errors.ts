import { DomainError, Unavailable } from '@tenantry/domain';

/**
 * The work returned, and yet nothing of it was stored: the server, or an inner unit of work, had made that impossible, and
 * the error that said so was swallowed. It is a mistake in the program: let the error through, or run the part that may
 * fail with the propagation `nested`.
 */
export class UnexpectedRollback extends Error {
  override readonly name = 'UnexpectedRollback';

  constructor(why: string, options?: ErrorOptions) {
    super(`Nothing was stored: ${why}`, options);
  }
}

/** @param cause what was refused because of that */
export function errorSwallowed(cause?: unknown): UnexpectedRollback {
  return new UnexpectedRollback('a statement failed, and its error was swallowed.', { cause });
}

/** COMMIT was sent, and its reply never came: by itself that says nothing of what became of it. */
export class CommitInterrupted extends DomainError {
  readonly kind = 'outcome-unknown';

  constructor(cause: unknown) {
    super(
      'commit-interrupted',
      'It is not known whether it was stored: the connection was lost meanwhile.',
      { cause },
    );
  }
}

/** The connection was lost during COMMIT, and it was found out since that nothing is stored, nor ever will be. */
export class CommitLost extends Unavailable {
  constructor(cause: CommitInterrupted) {
    super('database-unavailable', 'The database was lost before anything was stored.', { cause });
  }
}

/** The transaction took longer than it may, whatever it was waiting for. */
export class TransactionTooSlow extends Unavailable {
  constructor(options?: ErrorOptions) {
    super('too-slow', 'It took too long and was given up.', options);
  }
}

/** A unit of work was to become a part of another one that is not what it asks for. */
export class PropagationMismatch extends Error {
  override readonly name = 'PropagationMismatch';

  constructor(what: string) {
    super(
      `The transaction that is open ${what}. Ask for a transaction of its own (requires_new), or for the same.`,
    );
  }
}

/** The transaction of a unit of work was to be begun or ended by hand. */
export class TransactionManaged extends Error {
  override readonly name = 'TransactionManaged';

  constructor() {
    super(
      'The unit of work begins and ends its transaction itself: return from its work, or throw.',
    );
  }
}

/** An entity belongs to the unit of work that read or made it, and was to be changed or stored in another one. */
export class EntityOfAnotherUnitOfWork extends Error {
  override readonly name = 'EntityOfAnotherUnitOfWork';

  constructor(entity: string, options?: ErrorOptions) {
    super(
      `This ${entity} was read or made outside of the unit of work. Read it, or make it, inside: ` +
        'what is changed elsewhere would not be stored, and an attempt that failed would leave its traces in the next one.',
      options,
    );
  }
}

/** Something has happened to an aggregate where it cannot be kept until it is told: events are tenants', and are written. */
export class EventNotStorable extends Error {
  override readonly name = 'EventNotStorable';

  constructor(where: string) {
    super(
      `An event was recorded in ${where}. Record it in a tenant's unit of work that may write.`,
    );
  }
}

/** Something was to be done beside a nested unit of work, which would be undone with that, or keep it from being undone. */
export class SavepointOpen extends Error {
  override readonly name = 'SavepointOpen';

  constructor() {
    super(
      'A nested unit of work is under way in the same transaction. Wait for it to end, or do this inside of it.',
    );
  }
}

/** Something was to be done beside a flush outside of units of work, which would be undone with that. */
export class FlushUnderWay extends Error {
  override readonly name = 'FlushUnderWay';

  constructor() {
    super(
      'A flush outside of units of work is under way, as a transaction of its own. Wait for it to end, or do this in a unit of work.',
    );
  }
}

/** A flush outside of units of work has failed before, and what was to be stored with it was forgotten: also what is not its own. */
export class FlushFailed extends Error {
  override readonly name = 'FlushFailed';

  constructor(cause: unknown) {
    super(
      'A flush before this one has failed, and nothing that was to be stored is. Do what belongs together in a unit of work; or clear() the entity manager, and read and change it again.',
      { cause },
    );
  }
}

/** Something was to be sent in a transaction while a stream of its rows was open. */
export class StreamOpen extends Error {
  override readonly name = 'StreamOpen';

  constructor() {
    super(
      'A stream is open in the transaction. Read it to its end, or leave it, before the next statement; or do that in a unit of work of its own (requires_new).',
    );
  }
}

/** What is for a unit of work was asked for outside of any. */
export class UnitOfWorkMissing extends Error {
  override readonly name = 'UnitOfWorkMissing';

  constructor() {
    super('There is no unit of work here. Do it within UnitOfWork.run.');
  }
}
