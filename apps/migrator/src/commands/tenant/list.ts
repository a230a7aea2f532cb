import { ReadTenants, type TenantStanding } from '@tenantry/application';
import type { TenantId } from '@tenantry/domain';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, table } from '../../output.ts';
import { inOperatorsScope } from './in-operators-scope.ts';
import { printable, rowOf } from './standing.ts';

const PAGE = 100;

export interface ListTenantsOptions extends OutputOptions {
  /** Those that have been deleted too. */
  readonly deleted?: boolean;
}

/** Lists the tenants in the order of their registration, and what is still going on with each. */
export async function listTenants({
  deleted = false,
  ...options
}: ListTenantsOptions): Promise<ExitCode> {
  return inOperatorsScope('tenant list', async (application) => {
    const read = application.get(ReadTenants);
    const standings: TenantStanding[] = [];
    let after: TenantId | null | undefined;
    while (after !== null) {
      const page: Awaited<ReturnType<ReadTenants['page']>> = await read.page({
        after,
        limit: PAGE,
      });
      standings.push(...page.items.filter(({ tenant }) => deleted || tenant.status !== 'deleted'));
      after = page.next;
    }
    print({ tenants: standings.map(printable) }, table(standings.map(rowOf)), options);
    return EXIT.done;
  });
}
