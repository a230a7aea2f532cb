import { defineEntity, p } from '@mikro-orm/core';
import { Placement } from '@tenantry/domain';
import { ROLES } from '../../roles.ts';

/**
 * Placements that are made ahead and have never been anybody's. The owner alone may write here: the app can neither take one
 * nor bring one back.
 */
export const warmPlacementMapping = defineEntity({
  name: 'WarmPlacement',
  schema: 'catalog',
  tableName: 'warm_placement',
  rowLevelSecurity: 'force',
  policies: [
    { name: 'operator', command: 'select', roles: [ROLES.operator], using: 'true' },
    { name: 'reader', command: 'select', roles: [ROLES.reader], using: 'true' },
  ],
  properties: {
    placement: () =>
      p.oneToOne(Placement).primary().owner().deleteRule('no action').updateRule('no action'),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});
