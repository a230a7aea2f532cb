/**
 * The database was to be used outside of any tenant's scope, or a tenant's tables outside of that tenant's. It is always
 * a mistake in the program.
 */
export class TenantContextMissing extends Error {
  override readonly name = 'TenantContextMissing';

  constructor() {
    super(
      'There is no tenant here. Do it within TenantContext.run(tenant, …) or, for the catalog, within ' +
        'TenantContext.runAsOperator(reason, …).',
    );
  }
}
