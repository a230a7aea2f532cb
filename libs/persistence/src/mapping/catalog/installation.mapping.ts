import { defineEntity, p } from '@mikro-orm/core';

/** What the database says of itself: one row, once there is something to be said. */
export const installationMapping = defineEntity({
  name: 'Installation',
  schema: 'catalog',
  tableName: 'installation',
  properties: {
    /** Always true, so that there is one row at most. */
    only: p.boolean().primary().default(true),
    /** When it was first migrated in production. It is never taken back. */
    productionSince: p.datetime(),
  },
  checks: [{ name: 'installation_only_check', expression: '"only"' }],
});
