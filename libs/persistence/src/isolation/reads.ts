import { type Collection, ReferenceKind } from '@mikro-orm/core';
import { attacks, type Booty } from './attack.ts';

const everything = async (items: AsyncIterable<unknown>): Promise<unknown[]> => {
  const all = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
};

/** Under one name for everybody. The victim has filled it. */
export const CACHED = { cache: ['everything', 60_000] as [string, number] };

const victimsKey = ({ victim, victimsId }: Booty): never => [victim.id, victimsId] as never;

/** Ways to read. */
export const READS = attacks({
  find: ({ em, entity }) => em.find(entity, {}),
  'find, by the other’s tenant': ({ em, entity, victim }) =>
    em.find(entity, { tenantId: victim.id }),
  'find, without filters': ({ em, entity }) => em.find(entity, {}, { filters: false }),
  'find, in the other’s schema': ({ em, entity, victim }) =>
    em.find(entity, {}, { schema: victim.schema }),
  findOne: ({ em, entity, victimsId }) => em.findOne(entity, { id: victimsId }),
  'find, populated': ({ em, entity }) => em.find(entity, {}, { populate: ['*'] as never }),
  'the other’s collection, or a count without one': async ({ em, victimsEntity, entity, meta }) => {
    const relation = meta.relations.find(({ kind }) => kind === ReferenceKind.ONE_TO_MANY);
    const children = Reflect.get(victimsEntity, relation?.name ?? '') as
      Collection<object> | undefined;
    if (!children) {
      return em.count(entity, {});
    }
    await children.loadCount();
    return (await children.init()).getItems();
  },
  findAndCount: async ({ em, entity }) => em.findAndCount(entity, {}),
  findByCursor: async ({ em, entity }) =>
    (await em.findByCursor(entity, { first: 100, orderBy: { id: 'asc' } })).items,
  count: ({ em, entity }) => em.count(entity, {}),
  stream: ({ em, entity }) => everything(em.stream(entity)),
  'getReference, loaded': (booty) =>
    booty.em.refresh(booty.em.getReference(booty.entity, victimsKey(booty))),
  'query builder': ({ em, entity }) => em.createQueryBuilder(entity).select('*').getResult(),
  'query builder, joined': ({ em, entity, meta }) => {
    const query = em.createQueryBuilder(entity, 'own').select('*');
    const [relation] = meta.relations;
    return relation
      ? query.leftJoinAndSelect(`own.${relation.name}` as never, 'other').getResult()
      : query.getResult();
  },
  'query builder, count': ({ em, entity }) => em.createQueryBuilder(entity).getCount(),
  'query builder, stream': ({ em, entity }) =>
    everything(em.createQueryBuilder(entity).select('*').stream()),
  SQL: ({ em, table }) => em.execute(`select * from ${table}`),
  'SQL, union': ({ em, table }) =>
    em.execute(
      `select tenant_id from ${table} where false union all select tenant_id from ${table}`,
    ),
  Kysely: ({ em, victim, meta }) =>
    em
      .getKysely<Record<string, never>>()
      .withSchema(victim.schema)
      .selectFrom(meta.tableName)
      .selectAll()
      .execute(),
  'the result cache': ({ em, entity }) => em.fork().find(entity, {}, CACHED),
  'the other’s identity map': ({ victimsEm, entity, victim, sharedId }) =>
    victimsEm.findOne(entity, { tenantId: victim.id, id: sharedId }),
  'the other’s entity manager': ({ victimsEm, entity }) => victimsEm.find(entity, {}),
  'a fork of the other’s': async ({ victimsEm, entity }) => victimsEm.fork().find(entity, {}),
  'the other’s entity, refreshed': ({ victimsEm, victimsEntity }) =>
    victimsEm.refresh(victimsEntity),
  'a connection, without a transaction': ({ em, table }) =>
    em.getConnection().execute(`select * from ${table}`),
  'another tenant for the entity manager': async ({ em, entity, victim }) => {
    const fork = em.fork({
      session: { variables: { 'app.tenant_id': victim.id } },
      schema: victim.schema,
    });
    fork.setFilterParams('tenant', { tenantId: victim.id });
    return fork.find(entity, {});
  },
});
