import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadTenants, TenantStanding } from '@tenantry/application';

const EVERY_MS = 100;

/** Reads a tenant again and again, until it has been made, that has been given up, or the time is over. */
export async function awaitProvisioning(
  read: ReadTenants,
  standing: TenantStanding,
  seconds: number,
): Promise<TenantStanding> {
  const deadline = Date.now() + seconds * 1_000;
  let current = standing;
  while (isUnderWay(current) && Date.now() < deadline) {
    await sleep(EVERY_MS);
    current = await read.one(standing.tenant.id);
  }
  return current;
}

function isUnderWay({ tenant, operation }: TenantStanding): boolean {
  return tenant.status === 'provisioning' && operation?.status === 'pending';
}
