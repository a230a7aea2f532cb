import { type RepairReport, RepairTenants } from '@tenantry/application';
import { slug } from '@tenantry/domain';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, table } from '../../output.ts';
import { inOperatorsScope } from './in-operators-scope.ts';
import { printable, rowOf } from './standing.ts';

export interface RepairTenantsOptions extends OutputOptions {
  readonly tenant?: string;
  readonly remove?: boolean;
}

/** Completes what was begun, or removes it, and reports what belongs to no tenant. */
export async function repairTenants({
  tenant,
  remove = false,
  ...options
}: RepairTenantsOptions): Promise<ExitCode> {
  return inOperatorsScope('tenant repair', async (application) => {
    const report = await application
      .get(RepairTenants)
      .run({ remove, ...(tenant !== undefined && { slug: slug(tenant) }) });
    const standings = report.operations.map((operation) => ({
      tenant: operation.tenant,
      operation,
    }));
    const { orphans, removed } = report;
    print(
      { tenants: standings.map(printable), orphans, removed },
      [...table(standings.map(rowOf)), ...linesOf(report)],
      options,
    );
    return report.operations.every(({ status }) => status === 'done') ? EXIT.done : EXIT.partial;
  });
}

function linesOf({ operations, orphans, removed }: RepairReport): string[] {
  const lines = [
    ...orphans.schemas.map((schema) =>
      removed.includes(schema)
        ? `${schema}: unknown to the catalog, removed`
        : `${schema}: unknown to the catalog; --remove removes it`,
    ),
    ...orphans.placements.map((schema) => `${schema}: a placement without a tenant`),
  ];
  return operations.length + lines.length > 0 ? lines : ['There is nothing to do.'];
}
