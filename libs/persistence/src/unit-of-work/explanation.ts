import { DomainError } from '@tenantry/domain';
import { errorWithoutValues } from '@tenantry/platform';

/** For operators, in one line without values: what the database said, and not what that means to callers. */
export function explanationOf(error: unknown): string {
  const origin = error instanceof DomainError ? (error.cause ?? error) : error;
  return errorWithoutValues(origin).message;
}
