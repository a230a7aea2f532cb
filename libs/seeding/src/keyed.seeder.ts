import type { EntityManager } from '@mikro-orm/core';
import type { BaseEntity, Repository } from '@tenantry/domain';
import { BaseSeeder, type SeedCounts, type SeedResult, type SeedTask } from './base.seeder.ts';
import { checksumOf } from './checksum.ts';

type Fate = keyof SeedCounts;

/**
 * A seeder of a list of items that are known by natural keys. Items that are there already are changed to what the list
 * says, unless people have changed them since: what is not as the seeder has left it is left alone.
 */
export abstract class KeyedSeeder<Item, Entity extends BaseEntity> extends BaseSeeder {
  override readonly scope = 'tenant';

  constructor(private readonly repository: Repository<Entity>) {
    super();
  }

  override size(target: string): number {
    return this.itemsOf(target).length;
  }

  override checksum(target: string): string {
    return checksumOf(this.itemsOf(target));
  }

  override async seed(_entityManager: EntityManager, task: SeedTask): Promise<SeedResult> {
    const counts = { inserted: 0, updated: 0, unchanged: 0, kept: 0 };
    const items: Record<string, string> = {};
    for (const item of this.itemsOf(task.target)) {
      const key = this.keyOf(item);
      const { fate, checksum } = await this.seedItem(item, task.items[key], task.overwrite);
      counts[fate] += 1;
      if (checksum !== undefined) {
        items[key] = checksum;
      }
    }
    return { counts, items };
  }

  /** What there is for a tenant. */
  protected abstract itemsOf(target: string): readonly Item[];
  protected abstract keyOf(item: Item): string;
  protected abstract find(item: Item): Promise<Entity | null>;
  protected abstract make(item: Item): Promise<Entity>;
  protected abstract change(entity: Entity, to: Item): Promise<void>;
  /** All that the seeder says of an item but its key, as a value. */
  protected abstract contentOf(item: Item): Promise<unknown>;
  /** The same of what is there. */
  protected abstract contentIn(entity: Entity): Promise<unknown>;
  /** What another seeder may have left under the same keys, for this one to change. */
  protected predecessors(): readonly Item[] {
    return [];
  }

  /** @param left the checksum of what was left the last time, if there was one */
  private async seedItem(
    item: Item,
    left: string | undefined,
    overwrite: boolean,
  ): Promise<{ fate: Fate; checksum: string | undefined }> {
    const wanted = checksumOf(await this.contentOf(item));
    const known = await this.find(item);
    // From here on nobody else changes it: what people store meanwhile would be overwritten unseen.
    const entity = known && (await this.repository.getForChange(known.id));
    if (entity === null) {
      if (left !== undefined && !overwrite) {
        return { fate: 'kept', checksum: left };
      }
      this.repository.add(await this.make(item));
      return { fate: 'inserted', checksum: wanted };
    }
    const found = checksumOf(await this.contentIn(entity));
    if (found === wanted) {
      return { fate: 'unchanged', checksum: wanted };
    }
    if (found !== (left ?? (await this.leftBefore(item))) && !overwrite) {
      return { fate: 'kept', checksum: left };
    }
    await this.change(entity, item);
    return { fate: 'updated', checksum: checksumOf(await this.contentIn(entity)) };
  }

  private async leftBefore(item: Item): Promise<string | undefined> {
    const key = this.keyOf(item);
    const predecessor = this.predecessors().find((other) => this.keyOf(other) === key);
    return predecessor && checksumOf(await this.contentOf(predecessor));
  }
}
