import { createHash } from 'node:crypto';
import { isDomainName, isSlug, type TenantId } from '@tenantry/domain';
import type { TenantName } from '@tenantry/persistence';
import type { ApiConfig, TenantResolverName } from '@tenantry/platform';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { normalHost } from './host-name.ts';
import { tokenVerifier, type VerifyToken } from './tenant-token.ts';

/** What a request says of its tenant, in one of the ways to say it. */
export interface Said {
  readonly by: TenantResolverName;
  /** In the request's own words. */
  readonly text: string;
  readonly name: TenantName;
}

/** Gives what a request says, or `undefined` when it says nothing in this way. */
export type TenantResolver = (
  request: FastifyRequest,
) => Said | undefined | Promise<Said | undefined>;

const uuid = z.uuid();

/** The resolvers that are configured, in their order. */
export function tenantResolvers(config: ApiConfig): readonly TenantResolver[] {
  const resolvers: Record<TenantResolverName, TenantResolver> = {
    token: byToken(tokenVerifier(config.tenantToken)),
    host: byHost(config.tenantBaseDomain),
    header: byHeader,
  };
  return config.tenantResolvers.map((name) => resolvers[name]);
}

/** A bearer token that is signed by whom we believe. One that is not is refused, and never passed over. */
function byToken(verify: VerifyToken): TenantResolver {
  return async ({ headers: { authorization } }) => {
    const [bearer, token = ''] = /^Bearer(?:\s+(.*))?$/i.exec(authorization ?? '') ?? [];
    if (bearer === undefined) {
      return undefined;
    }
    const text = await verify(token);
    return { by: 'token', text, name: nameOf(text) };
  };
}

/** `acme.<base domain>`, or a domain that a tenant has brought along. */
function byHost(baseDomain: string | undefined): TenantResolver {
  return ({ host: text }) => {
    const host = normalHost(text);
    if (baseDomain !== undefined && host.endsWith(`.${baseDomain}`)) {
      const label = host.slice(0, -baseDomain.length - 1);
      return { by: 'host', text, name: isSlug(label) ? { slug: label } : nobody(label) };
    }
    return host !== baseDomain && isDomainName(host)
      ? { by: 'host', text, name: { domain: host } }
      : undefined;
  };
}

function byHeader({ headers: { 'x-tenant-id': header } }: FastifyRequest): Said | undefined {
  return header === undefined
    ? undefined
    : { by: 'header', text: String(header), name: nameOf(String(header)) };
}

/** A slug or an id. */
function nameOf(value: string): TenantName {
  if (uuid.safeParse(value).success) {
    return { id: value.toLowerCase() as TenantId };
  }
  return isSlug(value) ? { slug: value } : nobody(value);
}

/**
 * Stands for what cannot be a name: an id that no tenant has. It is looked up like any other, so that a malformed name
 * costs what an unknown one does, and takes as long; the text itself gets no further than this.
 */
function nobody(malformed: string): TenantName {
  const hash = createHash('sha256').update(malformed).digest('hex');
  // Version 0 is none: ids are of version 7.
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-0${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return { id: id as TenantId };
}
