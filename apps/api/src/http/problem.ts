import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { CommitOutcomeUnknown, DomainError, type ErrorKind, StaleVersion } from '@tenantry/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInput } from './invalid-input.ts';

/** An error as RFC 9457 has it. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable and machine-readable, such as `project-archived`. */
  readonly code: string;
  readonly requestId: string;
  /** The rule of what is stored that would be broken. */
  readonly constraint?: string;
  /** By which it can be found out whether it was stored. */
  readonly markerId?: string;
  /** What is wrong where, for input that does not fit. */
  readonly errors?: InvalidInput['errors'];
}

/** What an answer depends on of the request that it is for. */
type Asked = Pick<FastifyRequest, 'id' | 'headers'>;

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
  // Nobody is there to read it: nginx's status for that, so that it is no error of the server's in the log.
  cancelled: 499,
  // Not 503: that invites to try again.
  'outcome-unknown': 504,
} as const satisfies Record<ErrorKind, number>;

/** Headers that go with a status. */
const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  429: { 'retry-after': '1' },
  503: { 'retry-after': '1' },
};

/** What the caller is told of an error: all of one that we meant, and nothing of one that we did not. */
export function problemOf(error: unknown, { id, headers }: Asked): Problem {
  const status = statusOf(error, headers);
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    type: 'about:blank',
    title,
    status,
    detail: status === 500 ? 'Something went wrong on our side.' : (error as Error).message,
    code: error instanceof DomainError ? error.code : title.toLowerCase().replace(/[^a-z]+/g, '-'),
    requestId: id,
    ...(error instanceof DomainError &&
      error.constraint !== undefined && { constraint: error.constraint }),
    ...(error instanceof CommitOutcomeUnknown && { markerId: error.markerId }),
    ...(error instanceof InvalidInput && { errors: error.errors }),
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  void reply
    .status(problem.status)
    .headers(HEADERS[problem.status] ?? {})
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

/** Nest's and Fastify's own errors know their status: an unknown route, JSON that is none, a body that is too large. */
function statusOf(error: unknown, headers: Asked['headers']): number {
  if (error instanceof StaleVersion) {
    // Only a request that has said what it expects has failed for that (RFC 9110, 13.1.1).
    return headers['if-match'] === undefined ? STATUS.conflict : STATUS.stale;
  }
  if (error instanceof DomainError) {
    return STATUS[error.kind];
  }
  if (error instanceof HttpException) {
    return error.getStatus();
  }
  const { statusCode } = (error ?? {}) as { statusCode?: number };
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}
