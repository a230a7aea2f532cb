import type { TenantStanding } from '@tenantry/application';
import {
  domainName,
  ISOLATIONS,
  OPERATION_KINDS,
  OPERATION_STATUSES,
  PLANS,
  slug,
  TENANT_STATUSES,
} from '@tenantry/domain';
import { z } from 'zod';
import { pageOf, pageParameters, text, timestamp } from '../http/schemas.ts';

const operation = z.object({
  kind: z.enum(OPERATION_KINDS),
  step: z.string().nullable().describe('the last one that is done'),
  status: z.enum(OPERATION_STATUSES),
  attempts: z.int(),
  error: z.string().nullable(),
  report: z.object({
    rowsLeft: z.record(z.string(), z.int()).optional(),
    role: z.enum(['dropped', 'kept']).optional(),
  }),
});

export const tenantView = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  domain: z.string().nullable(),
  status: z.enum(TENANT_STATUSES),
  plan: z.enum(PLANS),
  features: z.record(z.string(), z.boolean()),
  configuration: z.object({ locale: z.string().optional(), timeZone: z.string().optional() }),
  isolation: z.enum(ISOLATIONS).nullable().describe('null once it is deleted'),
  operation: operation.nullable().describe('what is or was done to it last'),
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const tenantPage = pageOf(tenantView);

/** A tenant as operators see it. */
export function viewOf({ tenant, operation }: TenantStanding): object {
  const { id, slug, name, domain, status, plan, features, configuration, placement } = tenant;
  const { createdAt, updatedAt } = tenant;
  return {
    id,
    slug,
    name,
    domain,
    status,
    plan,
    features,
    configuration,
    isolation: placement?.isolation ?? null,
    operation,
    createdAt,
    updatedAt,
  };
}

export const newTenant = z.strictObject({
  slug: text(63).transform(slug),
  name: text(200),
  domain: text(253).transform(domainName).optional(),
  plan: z.enum(PLANS).optional(),
  isolation: z.enum(ISOLATIONS),
});
export type NewTenant = z.output<typeof newTenant>;

export const tenantQuery = z.strictObject(pageParameters<'Tenant'>());
export type TenantQuery = z.output<typeof tenantQuery>;
