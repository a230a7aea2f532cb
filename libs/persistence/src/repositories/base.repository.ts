import {
  EntityRepository,
  type FilterQuery,
  type FindOptions,
  LockMode,
} from '@mikro-orm/postgresql';
import {
  type BaseEntity,
  type LockOptions,
  NotFound,
  type Page,
  pageOf,
  type PageRequest,
} from '@tenantry/domain';

/**
 * Has MikroORM ask the server, and keep what was changed meanwhile: a lock mode does that, even of no lock. `refresh` would
 * forget it.
 */
const READ_ANEW = { lockMode: LockMode.NONE };

/**
 * What every repository can do. It works in the scope that is current, through whatever entity manager that has, so one
 * instance serves all requests.
 */
export abstract class BaseRepository<Entity extends BaseEntity> extends EntityRepository<Entity> {
  findById(id: Entity['id']): Promise<Entity | null> {
    return this.findOne(condition({ id }));
  }

  findByIds(ids: readonly Entity['id'][]): Promise<Entity[]> {
    return this.find(condition({ id: { $in: ids } }));
  }

  /** @throws {NotFound} */
  async getOrFail(id: Entity['id']): Promise<Entity> {
    return this.found(await this.findById(id));
  }

  async getForChange(id: Entity['id'], { wait = true }: LockOptions = {}): Promise<Entity> {
    const lockMode = wait ? LockMode.PESSIMISTIC_WRITE : LockMode.PESSIMISTIC_WRITE_OR_FAIL;
    const where = condition({ id });
    // What was changed before was changed on what is known now, and not on what will be read.
    await this.em.flush();
    const { relations } = this.em.getMetadata(this.entityName);
    if (relations.some(({ eager }) => eager)) {
      // By itself: MikroORM would lock all that is read with it, and keep others from that.
      const row = this.createQueryBuilder()
        .select(condition(['id']))
        .where(where)
        .setLockMode(lockMode);
      await row.applyFilters();
      await row.execute('get');
      return this.found(await this.findOne(where, READ_ANEW));
    }
    return this.found(await this.findOne(where, { lockMode }));
  }

  async exists(id: Entity['id']): Promise<boolean> {
    return (await this.count(condition({ id }))) > 0;
  }

  /** Stores it when the unit of work ends. */
  add(entity: Entity): void {
    this.em.persist(entity);
  }

  /** Deletes it when the unit of work ends. */
  remove(entity: Entity): void {
    this.em.remove(entity);
  }

  /** One page of those that fulfil the condition, by key and not by offset: a page costs the same wherever it is. */
  protected async keysetPage(
    where: FilterQuery<Entity>,
    { after, limit }: PageRequest<Entity['id']>,
    options: FindOptions<Entity> = {},
  ): Promise<Page<Entity>> {
    const rest = after === undefined ? {} : { id: { $gt: after } };
    const found: Entity[] = await this.find(condition({ $and: [where, rest] }), {
      ...options,
      orderBy: condition({ id: 'asc' }),
      limit: limit + 1,
    });
    return pageOf(found, limit);
  }

  /** @throws {NotFound} */
  protected found<Found>(entity: Found | null, what = this.what): Found {
    if (entity === null) {
      throw new NotFound(what);
    }
    return entity;
  }

  private get what(): string {
    return this.em.getMetadata(this.entityName).className.toLowerCase();
  }
}

/** A condition on an entity that is a type parameter: MikroORM's types cannot be worked out for one. */
export function condition(where: object): never {
  return where as never;
}
