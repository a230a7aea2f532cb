import type { TenantStanding } from '@tenantry/application';
import type { TenantOperation } from '@tenantry/domain';

/** How a tenant stands, as a row of a table. */
export function rowOf({ tenant, operation }: TenantStanding): string[] {
  const { slug, name, status, placement } = tenant;
  return [slug, name, status, placement?.schema ?? '', operation ? progressOf(operation) : ''];
}

/** How a tenant stands, for programs. */
export function printable({ tenant, operation }: TenantStanding): object {
  const { id, slug, name, status, plan, domain, placement } = tenant;
  return {
    id,
    slug,
    name,
    status,
    plan,
    domain,
    isolation: placement?.isolation ?? null,
    schema: placement?.schema ?? null,
    operation: operation && printableOperation(operation),
  };
}

export function printableOperation(operation: TenantOperation): object {
  const { kind, step, status, attempts, error, report } = operation;
  return { kind, step, status, attempts, error, report };
}

/** What is still going on, in a few words. */
export function progressOf({ kind, step, status, attempts, error }: TenantOperation): string {
  if (status === 'done') {
    return '';
  }
  const where = `${kind} ${status} after ${step ?? 'nothing'}`;
  return error === null ? where : `${where}, ${attempts} × ${error}`;
}
