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

/** The token is for one tenant, and host or header name another: one that is there or not, the answer is the same. */
export class TenantMismatch extends DomainError {
  readonly kind = 'forbidden';

  constructor() {
    super('tenant-mismatch', 'The token is for another tenant than the one that is asked for.');
  }
}

/** The tenant is there, and is not served for now. */
export class TenantSuspended extends DomainError {
  readonly kind = 'forbidden';

  constructor() {
    super('tenant-suspended', 'The tenant is suspended.');
  }
}

/** The tenant's tables are not in a shape that this build can serve: a migration has not been there, or a newer one has. */
export class TenantBeingMigrated extends DomainError {
  readonly kind = 'unavailable';

  constructor() {
    super('tenant-being-migrated', 'The tenant is being migrated. Try again in a moment.');
  }
}
