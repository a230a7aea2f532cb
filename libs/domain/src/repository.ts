import type { BaseEntity } from './base-entity.ts';

/** How a row is locked. */
export interface LockOptions {
  /** Whether to wait for someone else who has it, which is what is done unless told otherwise. */
  readonly wait?: boolean;
}

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

  /**
   * Reads one as it is stored now, to change it: whoever else wants the same waits until this unit of work has ended, so that what is read here
   * is still so when it is stored.
   * @throws {NotFound}
   * @throws {Unavailable} when someone else has it for longer than is waited for, or at all where nobody is to wait
   */
  abstract getForChange(id: Entity['id'], options?: LockOptions): Promise<Entity>;

  abstract exists(id: Entity['id']): Promise<boolean>;

  abstract add(entity: Entity): void;

  abstract remove(entity: Entity): void;
}
