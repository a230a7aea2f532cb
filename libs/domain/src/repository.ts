import type { BaseEntity } from './base-entity.ts';

/**
 * What every repository can do, within the scope that is current: no method takes a tenant, and none works without one.
 * What is added or changed is stored when the unit of work ends.
 */
export abstract class Repository<Entity extends BaseEntity> {
  abstract findById(id: Entity['id']): Promise<Entity | null>;

  /** Those that exist, in no particular order. */
  abstract findByIds(ids: readonly Entity['id'][]): Promise<Entity[]>;

  /** @throws {NotFound} */
  abstract getOrFail(id: Entity['id']): Promise<Entity>;

  abstract exists(id: Entity['id']): Promise<boolean>;

  abstract add(entity: Entity): void;

  abstract remove(entity: Entity): void;
}
