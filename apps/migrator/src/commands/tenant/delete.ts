import { CarryOutOperations, DeleteTenant } from '@tenantry/application';
import type { TenantOperation } from '@tenantry/domain';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, table } from '../../output.ts';
import { inOperatorsScope, tenantCalled } from './in-operators-scope.ts';
import { printableOperation, progressOf } from './standing.ts';

export interface DeleteTenantOptions extends OutputOptions {
  readonly slug: string;
}

/** Deletes an archived tenant with all that it owns, and says how many rows each table still has of it. */
export async function deleteTenant(options: DeleteTenantOptions): Promise<ExitCode> {
  return inOperatorsScope('tenant delete', async (application) => {
    const { id } = await tenantCalled(application, options.slug);
    const { operation } = await application.get(DeleteTenant).run(id);
    const after = operation && (await application.get(CarryOutOperations).now(operation.id));
    if (!after) {
      return EXIT.fatal;
    }
    const { status, slug } = after.tenant;
    print(
      { id, slug, status, operation: printableOperation(after) },
      [`${slug} is ${status}`, ...table(leftRows(after)), ...notes(after)],
      options,
    );
    return status === 'deleted' && isEmpty(after) ? EXIT.done : EXIT.fatal;
  });
}

function leftRows({ report }: TenantOperation): string[][] {
  return Object.entries(report.rowsLeft ?? {})
    .map(([name, rows]) => [name, `${rows} rows left`])
    .toSorted();
}

function isEmpty({ report }: TenantOperation): boolean {
  return Object.values(report.rowsLeft ?? {}).every((rows) => rows === 0);
}

function notes(operation: TenantOperation): string[] {
  const kept = 'its database role is kept: another database of the server uses it';
  return [
    ...(operation.report.role === 'kept' ? [kept] : []),
    ...(operation.status === 'done' ? [] : [progressOf(operation)]),
  ];
}
