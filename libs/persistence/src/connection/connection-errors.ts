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
  const { code, message, errors } = errorParts(error);
  if (errors) {
    return errors.every(isUnreachable);
  }
  return code === undefined
    ? WITHOUT_CODE.test(message)
    : NETWORK_CODES.has(code) || TRANSIENT_STATES.test(code);
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
} {
  const { code, message, errors } = (error ?? {}) as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : String(error),
    ...(typeof code === 'string' && { code }),
    ...(Array.isArray(errors) && { errors }),
  };
}
