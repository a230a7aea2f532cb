import { isDomainName, isSlug, type TenantId } from '@tenantry/domain';
import type { TenantName } from '@tenantry/persistence';
import type { ApiConfig, TenantResolverName } from '@tenantry/platform';
import type { FastifyRequest } from 'fastify';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { Unauthenticated } from './access-errors.ts';

/** The claim of a token that names its tenant. */
const CLAIM = 'tenant';

/**
 * What a request says of its tenant: a name; `unknown` when it names one that cannot exist; `undefined` when it says
 * nothing in this way, so that the next may be tried.
 */
type Resolution = TenantName | 'unknown' | undefined;
export type TenantResolver = (request: FastifyRequest) => Resolution | Promise<Resolution>;

/** The resolvers that are configured, in their order. */
export function tenantResolvers(config: ApiConfig): readonly TenantResolver[] {
  const resolvers: Record<TenantResolverName, TenantResolver> = {
    token: byToken(config.tenantTokenSecret ?? ''),
    host: byHost(config.tenantBaseDomain),
    header: byHeader,
  };
  return config.tenantResolvers.map((name) => resolvers[name]);
}

/** A bearer token that is signed with our secret. One that is not is refused, and never passed over. */
function byToken(secret: string): TenantResolver {
  const key = new TextEncoder().encode(secret);
  return async ({ headers: { authorization } }) => {
    const [, token] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) {
      return undefined;
    }
    try {
      const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
      return nameOf(String(payload[CLAIM]));
    } catch {
      throw new Unauthenticated('The token is not valid.');
    }
  };
}

/** `acme.<base domain>`, or a domain that a tenant has brought along. */
function byHost(baseDomain: string | undefined): TenantResolver {
  return ({ hostname }) => {
    const host = hostname.toLowerCase().replace(/\.$/, '');
    if (baseDomain !== undefined && host.endsWith(`.${baseDomain}`)) {
      const label = host.slice(0, -baseDomain.length - 1);
      return isSlug(label) ? { slug: label } : 'unknown';
    }
    // Any other name may be that of the installation itself, so it only counts when a tenant has it.
    return host !== baseDomain && isDomainName(host) ? { domain: host } : undefined;
  };
}

function byHeader({ headers: { 'x-tenant-id': header } }: FastifyRequest): Resolution {
  return header === undefined ? undefined : nameOf(String(header));
}

/** A slug or an id. */
function nameOf(value: string): Resolution {
  if (z.uuid().safeParse(value).success) {
    return { id: value.toLowerCase() as TenantId };
  }
  return isSlug(value) ? { slug: value } : 'unknown';
}
