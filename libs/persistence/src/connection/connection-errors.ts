/**
 * SQLSTATEs of a server that cannot be used now: it starts, stops, is full, or the connection is lost. A violation of the
 * protocol is none of that: a text with NUL in it is one.
 */
const TRANSIENT_STATES = /^(?:08(?!P01)...|53300|57P0[1-3])$/;
const IN_FAILED_SQL_TRANSACTION = '25P02';
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** The code of not even having tried, since others have tried in vain. */
export const CIRCUIT_OPEN = 'ECIRCUITOPEN';
const NETWORK_CODES = new Set([
  CIRCUIT_OPEN,
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** What pg says without a code of any kind. */
const WITHOUT_CODE =
  /connection terminated|client has encountered a connection error|client was closed|after calling end on the pool/i;
/** SQLSTATEs with which the server ends a connection in the middle of a transaction. */
const ENDING_STATES = /^(?:08(?!P01)...|57P0[1-5]|25P0[34])$/;

/** Whether the error says that the server could not be reached, as opposed to what was asked of it. */
export function isUnreachable(error: unknown): boolean {
  const { code, message, errors } = errorParts(error);
  if (errors) {
    return errors.every(isUnreachable);
  }
  return code === undefined
    ? WITHOUT_CODE.test(message)
    : NETWORK_CODES.has(code) || TRANSIENT_STATES.test(code);
}

/** Whether the connection that it is about is gone: what was under way on it is undone. */
export function isLost(error: unknown): boolean {
  const { code } = errorParts(error);
  return (
    !(error instanceof AggregateError) &&
    (code === undefined
      ? isUnreachable(error)
      : ENDING_STATES.test(code) || NETWORK_CODES.has(code))
  );
}

/** The SQLSTATE of what the server said, however it was wrapped. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, cause } = errorParts(error);
  if (code !== undefined && SQLSTATE.test(code)) {
    return code;
  }
  return cause === undefined ? undefined : sqlStateOf(cause);
}

/** Whether it was refused only because a statement before it in the transaction has failed. */
export function isOfFailedTransaction(error: unknown): boolean {
  return sqlStateOf(error) === IN_FAILED_SQL_TRANSACTION;
}

/** Why it failed, in the words of the error, or of all those that it stands for: one for each address of a name. */
export function reasonOf(error: unknown): string {
  const { message, errors } = errorParts(error);
  return errors ? errors.map(reasonOf).join(', ') : message;
}

/** Whatever was thrown, read as what Node, pg and MikroORM throw. */
export function errorParts(error: unknown): {
  readonly code?: string;
  readonly message: string;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
  readonly constraint?: string;
} {
  const { code, message, errors, cause, constraint } = (error ?? {}) as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : String(error),
    ...(typeof code === 'string' && { code }),
    ...(Array.isArray(errors) && { errors }),
    ...(cause !== undefined && { cause }),
    ...(typeof constraint === 'string' && { constraint }),
  };
}
