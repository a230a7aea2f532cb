/** An error as it is logged. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  /** The constraint that was violated. */
  readonly constraint?: string;
  readonly cause?: LoggedError;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Errors of MikroORM's that quote the entity, or what was looked for. */
const QUOTING = new Set(['NotFoundError', 'ValidationError']);
/** Where a quotation begins. */
const QUOTATION = /\s*(?:['"(:{\n]|\bentity\b).*/s;

/**
 * An error with all that helps to find its reason and nothing of what users wrote. What PostgreSQL says quotes values
 * (`Key (email)=(ada@example.com) already exists`), so of its errors the code and the constraint have to do.
 */
export function errorWithoutValues(error: unknown): LoggedError {
  if (!isError(error)) {
    return { type: typeof error, message: String(error), stack: '' };
  }
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const ofDatabase = typeof code === 'string' && SQLSTATE.test(code);
  const message = ofDatabase ? `the database refused with ${code}` : unquoted(error);
  return {
    type: error.name,
    message,
    stack: `${error.name}: ${message}\n${framesOf(error)}`,
    ...(typeof code === 'string' && { code }),
    ...(typeof constraint === 'string' && { constraint }),
    ...(error.cause !== undefined && { cause: errorWithoutValues(error.cause) }),
  };
}

function unquoted({ name, message, constructor }: Error): string {
  return QUOTING.has(name) || QUOTING.has(constructor.name)
    ? message.replace(QUOTATION, '')
    : message;
}

/** The stack without its first lines, which repeat the message. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}
