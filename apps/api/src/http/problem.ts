import { STATUS_CODES } from 'node:http';
import type { ErrorKind } from '@tenantry/domain';

/** An error as RFC 9457 has it. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable and machine-readable, such as `project-archived`. */
  readonly code: string;
  readonly requestId: string;
  /** What is wrong where, for input that does not fit. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** The one table of what each kind of error means in HTTP. */
export const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  stale: 412,
  'rule-violated': 422,
  'too-many': 429,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

/** Headers that go with a status. */
export const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  429: { 'retry-after': '1' },
  503: { 'retry-after': '1' },
};

export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}
