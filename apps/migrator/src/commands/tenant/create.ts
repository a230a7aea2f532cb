import { CarryOutOperations, RegisterTenant } from '@tenantry/application';
import { domainName, type Isolation, type Plan, slug } from '@tenantry/domain';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, table } from '../../output.ts';
import { inOperatorsScope } from './in-operators-scope.ts';
import { printable, rowOf } from './standing.ts';

export interface CreateTenantOptions extends OutputOptions {
  readonly slug: string;
  readonly name: string;
  readonly domain?: string;
  readonly plan?: Plan;
  readonly isolation: Isolation;
}

/** Takes a tenant in, and makes it here and now: no worker has to run. After an interruption the same command completes it. */
export async function createTenant(options: CreateTenantOptions): Promise<ExitCode> {
  const { name, isolation, plan } = options;
  const input = {
    name,
    isolation,
    slug: slug(options.slug),
    ...(options.domain && { domain: domainName(options.domain) }),
    ...(plan && { plan }),
  };
  return inOperatorsScope('tenant create', async (application) => {
    const requested = await application.get(RegisterTenant).run(input);
    const operation =
      requested.operation &&
      (await application.get(CarryOutOperations).now(requested.operation.id));
    const standing = operation ? { tenant: operation.tenant, operation } : requested;
    print(printable(standing), table([rowOf(standing)]), options);
    return operation && operation.status !== 'done' ? EXIT.fatal : EXIT.done;
  });
}
