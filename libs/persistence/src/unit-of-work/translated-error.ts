import { OptimisticLockError } from '@mikro-orm/core';
import {
  Conflict,
  DomainError,
  type DomainErrorOptions,
  RuleViolation,
  StaleVersion,
  Unavailable,
} from '@tenantry/domain';
import { UnexpectedRollback } from './transaction-errors.ts';
import { errorParts, isLost, isUnreachable, sqlStateOf } from '../connection/connection-errors.ts';
import { PoolExhausted } from '../connection/pool-exhausted.ts';

type Translation = (options: DomainErrorOptions) => DomainError;

/** What SQLSTATEs mean to a caller. The messages have no values and no SQL in them: they leave the process. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  // unique_violation
  '23505': (more) => new Conflict('already-exists', 'There is one like this already.', more),
  // foreign_key_violation
  '23503': (more) =>
    new Conflict(
      'reference',
      'It refers to something that is not there, or something still refers to it.',
      more,
    ),
  // exclusion_violation
  '23P01': (more) => new Conflict('overlap', 'It overlaps with one that is there.', more),
  // check_violation
  '23514': (more) =>
    new RuleViolation('check', 'A value is not one of those that are allowed.', more),
  // not_null_violation
  '23502': (more) => new RuleViolation('value-missing', 'A value is missing.', more),
  // serialization_failure, deadlock_detected
  '40001': (more) => contention(more),
  '40P01': (more) => contention(more),
  // invalid_authorization_specification, invalid_password, invalid_catalog_name: what was right when the process started
  '28000': (more) => unavailable(more),
  '28P01': (more) => unavailable(more),
  '3D000': (more) => unavailable(more),
  // lock_not_available
  '55P03': (more) => new Unavailable('locked', 'Someone else is at it: try again.', more),
  // query_canceled, by its own time limit: whoever else cancels it says so
  '57014': (more) => new Unavailable('too-slow', 'It took too long and was given up.', more),
  // idle_in_transaction_session_timeout, transaction_timeout
  '25P03': (more) => new Unavailable('too-slow', 'It took too long and was given up.', more),
  '25P04': (more) => new Unavailable('too-slow', 'It took too long and was given up.', more),
  // read_only_sql_transaction
  '25006': (more) =>
    new Unavailable('read-only', 'Nothing can be written here for the time being.', more),
  // disk_full, out_of_memory
  '53100': (more) => new Unavailable('out-of-space', 'There is no room to store it.', more),
  '53200': (more) => new Unavailable('out-of-space', 'There is no room to store it.', more),
};

const unavailable: Translation = (more) =>
  new Unavailable('database-unavailable', 'The database cannot be reached.', more);

const contention: Translation = (more) =>
  new Unavailable('contention', 'Others are changing the same: try again.', more);

/**
 * What the database refused, in the domain's terms and with the original as its cause; anything else as it is. It goes by
 * the SQLSTATE, since MikroORM leaves errors that COMMIT raises as they are.
 */
export function translated(error: unknown): unknown {
  const because = { cause: error };
  if (error instanceof DomainError || error instanceof UnexpectedRollback) {
    return error;
  }
  if (error instanceof OptimisticLockError) {
    const [, what = 'row'] = /entity (\w+)/.exec(error.message) ?? [];
    return new StaleVersion(what.toLowerCase(), undefined, because);
  }
  if (error instanceof PoolExhausted) {
    return new Unavailable('pool-exhausted', 'There is too much to do: try again.', because);
  }
  const translation = TRANSLATIONS[sqlStateOf(error) ?? ''];
  if (translation) {
    const { constraint } = errorParts(error);
    return translation({ ...because, constraint });
  }
  if (isUnreachable(error) || isLost(error)) {
    return unavailable(because);
  }
  return error;
}
