import { DomainError } from '@tenantry/domain';

/** The request does not say whose it is. */
export class NoTenant extends DomainError {
  readonly kind = 'invalid';

  constructor() {
    super(
      'no-tenant',
      'The request names no tenant: call it by its host name, or say it in a header.',
    );
  }
}

/** The credentials are missing, or not ones that we gave out. */
export class Unauthenticated extends DomainError {
  readonly kind = 'unauthenticated';

  constructor(message: string) {
    super('unauthenticated', message);
  }
}

/** The tenant is there, and is not served for now. */
export class TenantSuspended extends DomainError {
  readonly kind = 'forbidden';

  constructor() {
    super('tenant-suspended', 'The tenant is suspended.');
  }
}
