/** SQLSTATEs of a server that cannot be used now: it starts, stops, is full, or the connection is lost. */
const TRANSIENT_STATES = /^(?:08...|53300|57P0[1-3])$/;
const NETWORK_CODES = new Set([
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
const WITHOUT_CODE = /connection terminated|timeout exceeded when trying to connect/i;

/** Whether the error says that the server could not be reached, as opposed to what was asked of it. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof AggregateError) {
    return error.errors.every(isUnreachable);
  }
  if (!(error instanceof Error)) {
    return false;
  }
  return 'code' in error && typeof error.code === 'string'
    ? NETWORK_CODES.has(error.code) || TRANSIENT_STATES.test(error.code)
    : WITHOUT_CODE.test(error.message);
}
