import { DomainError } from '@tenantry/domain';

/** What a standard schema finds wrong. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A request whose parameters, query or body do not fit their schema. */
export class InvalidInput extends DomainError {
  readonly kind = 'invalid';
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor(issues: readonly Issue[]) {
    super('invalid-input', 'The request does not fit: see errors.');
    this.errors = issues.map(({ path = [], message }) => ({
      path: path
        .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
        .join('.'),
      message,
    }));
  }
}
