import { BaseEntity } from '../base-entity.ts';
import { type Id, newId } from '../id.ts';

export type PlacementId = Id<'Placement'>;

/** How a tenant is placed: among others in the shared placement, or in a schema of its own. */
export const ISOLATIONS = ['shared', 'schema'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** The schema of the shared placement. */
export const SHARED_SCHEMA = 'shared';

/** A schema that holds tenant-owned tables. All placements have the same tables. */
export class Placement extends BaseEntity<PlacementId> {
  readonly isolation: Isolation;
  readonly schema: string;

  private constructor(id: PlacementId, isolation: Isolation, schema: string) {
    super(id);
    this.isolation = isolation;
    this.schema = schema;
  }

  /** The placement of many tenants. An installation has one. */
  static shared(id: PlacementId = newId()): Placement {
    return new Placement(id, 'shared', SHARED_SCHEMA);
  }

  /** A placement for one tenant. Its schema is named after its id: never after anything a person typed. */
  static dedicated(id: PlacementId = newId()): Placement {
    return new Placement(id, 'schema', `t_${id.replaceAll('-', '')}`);
  }
}
