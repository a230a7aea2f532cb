import type { BaseEntity } from '@tenantry/domain';
import { tenantOf } from '../../mapping/tenant-owned.ts';
import { condition } from '../../repositories/base.repository.ts';
import type { TenantAwareRepository } from '../../repositories/tenant-aware.repository.ts';
import { idOf } from './large-placement.ts';
import type { Senders } from './sender.ts';

/** What is particular to a class. */
export interface Particulars<Entity extends BaseEntity> {
  /** A row that there is not yet. */
  readonly row: (tenantId: string) => object;
  /** What belongs to one, and can be loaded with it. */
  readonly relations: readonly string[];
  /** What can be changed and counted by. */
  readonly property: keyof Entity;
}

const one = condition({ id: idOf(7) });
const some = condition({ id: { $in: [idOf(7), idOf(8)] } });
/** All that the tenant has. */
const all = condition({});

/** What every repository of tenant-owned entities can do, whether or not the app asks for it. */
export function anyRepository<Entity extends BaseEntity>(
  repository: TenantAwareRepository<Entity>,
  { row, relations, property }: Particulars<Entity>,
): Senders {
  const id = idOf(7) as Entity['id'];
  const change = condition({ [property]: 'active' });
  const fresh = (): never => condition(row(tenantOf(repository.getEntityManager())));
  return {
    ...ownMethods(repository, id),
    find: () => repository.find(some),
    findAll: () => repository.findAll({ where: some }),
    findOne: () => repository.findOne(one),
    findOneOrFail: () => repository.findOneOrFail(one),
    findAndCount: () =>
      repository.findAndCount(all, { orderBy: condition({ id: 'asc' }), limit: 10 }),
    'findAndCount in no order': () => repository.findAndCount(all, { limit: 10 }),
    findByCursor: () => repository.findByCursor(condition({ first: 10, orderBy: { id: 'asc' } })),
    count: () => repository.count(),
    'count some': () => repository.count(some),
    countBy: () => repository.countBy(property as never, { where: some }),
    stream: () => everyOne(repository.stream({ where: some })),
    populate: async () =>
      repository.populate(await repository.find(some), relations as never, { refresh: true }),
    insert: () => repository.insert(fresh()),
    insertMany: () => repository.insertMany([fresh(), fresh()]),
    upsert: () => repository.upsert(fresh()),
    upsertMany: () => repository.upsertMany([fresh(), fresh()]),
    nativeUpdate: () => repository.nativeUpdate(one, change),
    nativeDelete: () => repository.nativeDelete(condition({ id: idOf(1_000_000) })),
    createQueryBuilder: async () => {
      const query = repository.createQueryBuilder().where(some);
      await query.applyFilters();
      await query.getResultList();
    },
    'qb without the filter': () => repository.qb().where(some).getResultList(),
  };
}

function ownMethods<Entity extends BaseEntity>(
  repository: TenantAwareRepository<Entity>,
  id: Entity['id'],
): Senders {
  return {
    findById: () => repository.findById(id),
    findByIds: () => repository.findByIds([id, idOf(8)]),
    getOrFail: () => repository.getOrFail(id),
    getForChange: () => repository.getForChange(id),
    'getForChange without waiting': () => repository.getForChange(id, { wait: false }),
    exists: () => repository.exists(id),
    findWithTenant: () => repository.findWithTenant(some),
    findOneWithTenant: () => repository.findOneWithTenant(one),
  };
}

async function everyOne(rows: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const read: unknown[] = [];
  for await (const row of rows) {
    read.push(row);
  }
  return read;
}
