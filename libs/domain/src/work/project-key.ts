import type { Brand } from '../brand.ts';
import { InvalidValue } from '../domain-error.ts';

/** The short name of a project, which its tasks are called by: task 7 of project `APOLLO` is `APOLLO-7`. */
export type ProjectKey = Brand<string, 'ProjectKey'>;

/** @throws {InvalidValue} unless it is 2 to 10 upper-case letters and digits, beginning with a letter */
export function projectKey(value: string): ProjectKey {
  if (!/^[A-Z][A-Z0-9]{1,9}$/.test(value)) {
    throw new InvalidValue(
      'project key',
      'must be 2 to 10 upper-case letters and digits, beginning with a letter',
    );
  }
  return value as ProjectKey;
}
