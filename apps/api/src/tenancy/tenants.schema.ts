import { PLANS, TENANT_STATUSES } from '@tenantry/domain';
import { z } from 'zod';
import { pageOf, pageParameters, timestamp } from '../http/schemas.ts';

export const tenantView = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  domain: z.string().nullable(),
  status: z.enum(TENANT_STATUSES),
  plan: z.enum(PLANS),
  features: z.record(z.string(), z.boolean()),
  configuration: z.object({ locale: z.string().optional(), timeZone: z.string().optional() }),
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const tenantPage = pageOf(tenantView);

export const tenantQuery = z.strictObject(pageParameters<'Tenant'>());
export type TenantQuery = z.output<typeof tenantQuery>;
