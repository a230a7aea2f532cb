/** What every entity has: an identity made by the application, and when it came to be and last changed (UTC). */
export abstract class BaseEntity<Id extends string = string> {
  readonly id: Id;
  readonly createdAt: Date;
  readonly updatedAt: Date;

  protected constructor(id: Id) {
    const now = new Date();
    this.id = id;
    this.createdAt = now;
    this.updatedAt = now;
  }
}

/**
 * The one way an entity's state changes. Its fields are `readonly` to everyone else, so a reader who looks for
 * changes finds all of them in the methods of the class. Not exported from the library.
 */
export function change<Entity extends BaseEntity>(entity: Entity, to: Partial<Entity>): void {
  Object.assign(entity, to, { updatedAt: new Date() });
}
