import type { INestApplicationContext } from '@nestjs/common';
import { NotFound, slug, type Tenant, TenantRepository } from '@tenantry/domain';
import { TenantContext } from '@tenantry/persistence';
import { withApplication } from '../../with-application.ts';

/** Does the work of a command on the catalog. */
export function inOperatorsScope<Result>(
  command: string,
  work: (application: INestApplicationContext) => Promise<Result>,
): Promise<Result> {
  return withApplication((application) =>
    application.get(TenantContext).runAsOperator(command, () => work(application)),
  );
}

/** @throws {NotFound} when no tenant is called that */
export async function tenantCalled(
  application: INestApplicationContext,
  name: string,
): Promise<Tenant> {
  const tenant = await application.get(TenantRepository).findBySlug(slug(name));
  if (!tenant) {
    throw new NotFound('tenant');
  }
  return tenant;
}
