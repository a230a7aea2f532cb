import { defineEntity, p } from '@mikro-orm/core';
import { ISOLATIONS, Placement } from '@tenantry/domain';
import { MikroPlacementRepository } from '../../repositories/mikro-placement.repository.ts';
import { entityProperties } from '../entity-properties.ts';

export const placementMapping = defineEntity({
  class: Placement as unknown as new () => Placement,
  schema: 'catalog',
  tableName: 'placement',
  repository: () => MikroPlacementRepository,
  properties: {
    ...entityProperties,
    isolation: p.enum(ISOLATIONS),
    schema: p.text().fieldName('schema_name').unique('placement_schema_name_key'),
  },
});
