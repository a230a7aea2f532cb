import { RegisterTenant } from '@tenantry/application';
import {
  domainName,
  type Isolation,
  type Plan,
  slug,
  type Tenant,
  TenantRepository,
} from '@tenantry/domain';
import { TenantContext } from '@tenantry/persistence';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type OutputOptions, print, table } from '../output.ts';
import { withApplication } from '../with-application.ts';

/** How many tenants are listed at the most. */
const MOST = 1000;

export interface CreateTenantOptions extends OutputOptions {
  readonly slug: string;
  readonly name: string;
  readonly domain?: string;
  readonly plan?: Plan;
  readonly isolation: Isolation;
}

/** Takes a tenant in. After an interruption the same command completes it. */
export async function createTenant(options: CreateTenantOptions): Promise<ExitCode> {
  const { name, isolation, plan } = options;
  const input = {
    name,
    isolation,
    slug: slug(options.slug),
    ...(options.domain && { domain: domainName(options.domain) }),
    ...(plan && { plan }),
  };
  return withApplication(async (application) => {
    const tenant = await application
      .get(TenantContext)
      .runAsOperator('tenant create', () => application.get(RegisterTenant).run(input));
    print(printable(tenant), table([rowOf(tenant)]), options);
    return EXIT.done;
  });
}

/** Lists the tenants in the order of their registration. */
export async function listTenants(options: OutputOptions): Promise<ExitCode> {
  return withApplication(async (application) => {
    const { items } = await application
      .get(TenantContext)
      .runAsOperator('tenant list', () => application.get(TenantRepository).page({ limit: MOST }));
    print({ tenants: items.map(printable) }, table(items.map(rowOf)), options);
    return EXIT.done;
  });
}

function rowOf({ slug, name, status, placement }: Tenant): string[] {
  return [slug, name, status, placement.schema];
}

function printable({ id, slug, name, status, plan, domain, placement }: Tenant): object {
  return { id, slug, name, status, plan, domain, schema: placement.schema };
}
