import { defineEntity, p } from '@mikro-orm/core';
import { ISOLATIONS, Placement } from '@tenantry/domain';
import { MikroPlacementRepository } from '../../repositories/mikro-placement.repository.ts';
import { ROLES } from '../../roles.ts';
import { entityProperties } from '../entity-properties.ts';

export const placementMapping = defineEntity({
  class: Placement as unknown as new () => Placement,
  schema: 'catalog',
  tableName: 'placement',
  repository: () => MikroPlacementRepository,
  rowLevelSecurity: 'force',
  policies: [
    {
      name: 'placement_of_the_tenant',
      command: 'select',
      roles: [ROLES.tenant],
      using: 'schema_name = current_schema()',
    },
    { name: 'operator', roles: [ROLES.operator], using: 'true', check: 'true' },
    { name: 'reader', command: 'select', roles: [ROLES.reader], using: 'true' },
  ],
  properties: {
    ...entityProperties,
    isolation: p.enum(ISOLATIONS),
    schema: p.text().fieldName('schema_name').unique('placement_schema_name_key'),
  },
});
