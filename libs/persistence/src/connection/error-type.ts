import { Cancelled } from '@tenantry/domain';
import { isUnreachable, sqlStateOf } from './connection-errors.ts';

/** The classes that PostgreSQL's own SQLSTATEs have (its appendix A). Functions can raise any other one. */
const CLASSES = new Set(
  (
    '02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 ' +
    'F0 HV P0 XX'
  ).split(' '),
);

/** What kind of error it is, as one of few words: the class of its SQLSTATE, `connection`, `cancelled` or `other`. */
export function errorTypeOf(error: unknown): string {
  const [, sqlClass = ''] = /^(..)/.exec(sqlStateOf(error) ?? '') ?? [];
  if (CLASSES.has(sqlClass)) {
    return sqlClass;
  }
  if (error instanceof Cancelled) {
    return 'cancelled';
  }
  return isUnreachable(error) ? 'connection' : 'other';
}
