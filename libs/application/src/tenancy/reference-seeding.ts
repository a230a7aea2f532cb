import type { Tenant } from '@tenantry/domain';

/** Gives a tenant what every tenant has from the start. */
export abstract class ReferenceSeeding {
  /** Adds what is missing, all of it or nothing. */
  abstract seed(tenant: Tenant): Promise<void>;
}
