import { defineEntity, p } from '@mikro-orm/core';
import { ROLES } from '../../roles.ts';
import { TENANT_SETTING } from '../../tenant-context/scope.ts';

/** A seeder writes its row in the transaction of its data, so a tenant's role writes those of the tenant. */
const OWN = `target = current_setting('${TENANT_SETTING}')`;

/** What has been seeded where: see `catalog/seed-ledger.ts`. */
export const appliedSeederMapping = defineEntity({
  name: 'AppliedSeeder',
  schema: 'catalog',
  tableName: 'seed',
  rowLevelSecurity: 'force',
  policies: [
    { name: 'seed_of_the_tenant', roles: [ROLES.tenant], using: OWN, check: OWN },
    { name: 'operator', roles: [ROLES.operator], using: 'true', check: 'true' },
    { name: 'reader', command: 'select', roles: [ROLES.reader], using: 'true' },
  ],
  properties: {
    /** A tenant's id, or `catalog`. */
    target: p.text().primary(),
    seeder: p.text().primary(),
    version: p.integer(),
    /** Of the seeder's data for the target. */
    checksum: p.text(),
    /** By natural key, the checksum of each item as the seeder has left it: people have changed what differs from it. */
    items: p.json<Record<string, string>>(),
    appliedAt: p.datetime().defaultRaw('now()'),
  },
});
