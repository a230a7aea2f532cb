import { type EntityMetadata, type EntityProperty, ReferenceKind } from '@mikro-orm/core';
import { newId } from '@tenantry/domain';
import { attacks, type Booty, type Owned } from './attack.ts';

const STOLEN = new Date(0);

/** The properties that have columns of their own, to be written. */
const written = (meta: EntityMetadata): EntityProperty[] =>
  meta.props.filter(
    ({ generated, persist, kind }) =>
      !generated && persist !== false && kind !== ReferenceKind.ONE_TO_MANY,
  );

/** Only relations have `ownColumns`: the columns of their key that are not a part of another one. */
const columnsOf = ({ fieldNames, kind, ownColumns }: EntityProperty): string[] =>
  kind === ReferenceKind.SCALAR ? fieldNames : ownColumns;

/** The victim's own row, changed. */
const row = ({ victimsEntity, meta }: Booty): never =>
  Object.fromEntries([
    ...written(meta).map(({ name }) => [name, (victimsEntity as unknown as Values)[name]]),
    ['updatedAt', STOLEN],
  ]) as never;

type Values = Readonly<Record<string, unknown>>;

const victimsKey = ({ victim, victimsId }: Booty): never => [victim.id, victimsId] as never;
/** One more of the victim's. */
const another = (booty: Booty): never => ({ ...(row(booty) as Values), id: newId() }) as never;

/** MikroORM would otherwise assign the tenant once for each relation that has it in its key. */
const MERGED = { onConflictMergeFields: ['updatedAt' as const] };

const steal = (entity: Owned): Owned => Object.assign(entity, { updatedAt: STOLEN });

/** Ways to write. */
export const WRITES = attacks({
  nativeUpdate: ({ em, entity, victimsId }) =>
    em.nativeUpdate(entity, { id: victimsId }, { updatedAt: STOLEN }),
  'nativeUpdate, without filters': ({ em, entity }) =>
    em.nativeUpdate(entity, {}, { updatedAt: STOLEN }, { filters: false }),
  'nativeUpdate, of the tenant': ({ em, entity, victim, victimsId }) =>
    em.nativeUpdate(entity, { id: victimsId }, { tenantId: victim.id, updatedAt: STOLEN }),
  nativeDelete: ({ em, entity, victimsId }) => em.nativeDelete(entity, { id: victimsId }),
  'nativeDelete, without filters': ({ em, entity, victimsId }) =>
    em.nativeDelete(entity, { id: victimsId }, { filters: false }),
  insert: (booty) => booty.em.insert(booty.entity, another(booty)),
  insertMany: (booty) => booty.em.insertMany(booty.entity, [another(booty)]),
  upsert: (booty) =>
    booty.em.fork({ keepTransactionContext: true }).upsert(booty.entity, row(booty), MERGED),
  upsertMany: (booty) =>
    booty.em.fork({ keepTransactionContext: true }).upsertMany(booty.entity, [row(booty)], MERGED),
  'persist, the other’s entity': async ({ em, victimsEntity }) => {
    steal(victimsEntity);
    await em.persist(victimsEntity).flush();
  },
  'remove, the other’s entity': async ({ em, victimsEntity }) => {
    em.merge(victimsEntity);
    await em.remove(victimsEntity).flush();
  },
  'merge, the other’s entity': async ({ em, victimsEntity }) => {
    steal(em.merge(victimsEntity));
    await em.flush();
  },
  'getReference, changed': async (booty) => {
    steal(booty.em.getReference(booty.entity, victimsKey(booty)));
    await booty.em.flush();
  },
  'getReference, removed': async (booty) => {
    await booty.em.remove(booty.em.getReference(booty.entity, victimsKey(booty))).flush();
  },
  'the other’s entity manager, flushed': async ({ victimsEm, victimsEntity }) => {
    steal(victimsEntity);
    await victimsEm.flush();
  },
  'query builder, update': ({ em, entity, victimsId }) =>
    em.createQueryBuilder(entity).update({ updatedAt: STOLEN }).where({ id: victimsId }).execute(),
  'query builder, delete': ({ em, entity, victimsId }) =>
    em.createQueryBuilder(entity).delete({ id: victimsId }).execute(),
  'SQL, update': ({ em, table, victimsId }) =>
    em.execute(`update ${table} set updated_at = 'epoch' where id = ?`, [victimsId]),
  'SQL, delete': ({ em, table, victimsId }) =>
    em.execute(`delete from ${table} where id = ?`, [victimsId]),
  'SQL, insert under the other’s tenant': ({ em, table, victim, attackersId, meta }) => {
    const columns = new Set(written(meta).flatMap(columnsOf));
    const values = [...columns].map((column) => (column === 'tenant_id' ? '?' : `"${column}"`));
    return em.execute(
      `insert into ${table} (${[...columns].map((column) => `"${column}"`).join()})
         select ${values.join()} from "${meta.tableName}" where id = ?`,
      [victim.id, attackersId],
    );
  },
  'Kysely, delete': ({ em, victim, meta, victimsId }) =>
    em
      .getKysely<Record<string, { id: string }>>()
      .withSchema(victim.schema)
      .deleteFrom(meta.tableName)
      .where('id', '=', victimsId)
      .execute(),
});
