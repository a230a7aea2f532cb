import { OptimisticLockError } from '@mikro-orm/core';
import { Conflict, type DomainError, Unavailable } from '@tenantry/domain';
import { errorParts, isUnreachable } from '../connection/connection-errors.ts';

type Translation = (options: ErrorOptions) => DomainError;

const contention: Translation = (because) =>
  new Unavailable('contention', 'Others are changing the same: try again.', because);

/** What SQLSTATEs mean to a caller. The messages have no values and no SQL in them: they leave the process. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  // unique_violation
  '23505': (because) => new Conflict('already-exists', 'There is one like this already.', because),
  // foreign_key_violation
  '23503': (because) =>
    new Conflict(
      'reference',
      'It refers to something that is not there, or something still refers to it.',
      because,
    ),
  // serialization_failure, deadlock_detected, lock_not_available
  '40001': contention,
  '40P01': contention,
  '55P03': contention,
  // query_canceled
  '57014': (because) => new Unavailable('too-slow', 'It took too long and was given up.', because),
};

/**
 * What the database refused, in the domain's terms and with the original as its cause; anything else as it is. It goes by
 * the SQLSTATE, since MikroORM leaves errors that COMMIT raises as they are.
 */
export function translated(error: unknown): unknown {
  const because = { cause: error };
  if (error instanceof OptimisticLockError) {
    return new Conflict(
      'concurrent-change',
      'It has been changed meanwhile: read it again.',
      because,
    );
  }
  if (isUnreachable(error)) {
    return new Unavailable('database-unavailable', 'The database cannot be reached.', because);
  }
  const { code = '' } = errorParts(error);
  return TRANSLATIONS[code]?.(because) ?? error;
}
