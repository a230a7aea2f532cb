import { createHash, timingSafeEqual } from 'node:crypto';
import { Unauthenticated } from './access-errors.ts';

/**
 * Lets nobody pass but who shows the operators' token.
 * @param authorization the header of the request
 * @throws {Unauthenticated}
 */
export function mustBeOperator(authorization: string | undefined, token: string): void {
  const [, shown = ''] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
  // Of equal length, and compared in equal time: how far a guess is right cannot be measured.
  if (!timingSafeEqual(digest(shown), digest(token))) {
    throw new Unauthenticated('This is for operators: send the operator token as a bearer token.');
  }
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
