import type { EntityMetadata, EntityProperty, Platform } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { BaseEntity } from '@tenantry/domain';
import { tenantOf } from '../mapping/tenant-owned.ts';

const TENANT_COLUMN = 'tenant_id';

/**
 * Inserts many entities of the current tenant by one statement, as its role: row security holds for them as for any. They
 * do not become managed, and the events that they have recorded are not stored. COPY would be faster, but PostgreSQL
 * refuses it to whom row security binds.
 * @param entityManager of a transaction in the tenant's scope
 * @param entities of one class; some thousand at a time, since all of them are in memory as text
 */
export async function insertInBulk<Entity extends BaseEntity>(
  entityManager: EntityManager,
  type: abstract new (...parameters: never[]) => Entity,
  entities: readonly Entity[],
): Promise<void> {
  const meta = entityManager.getMetadata<Entity>(type as new () => Entity) as EntityMetadata;
  const columns = columnsOf(meta);
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const definitions = columns.map(({ name, type: sqlType }) => `"${name}" ${sqlType}`).join(', ');
  const platform = entityManager.getPlatform();
  const values = columns
    .map(({ name, property }) => storedAs(`"${name}"`, property, platform))
    .join(', ');
  const rows = entities.map((entity) =>
    Object.fromEntries(
      columns.map(({ name, property }) => [name, valueOf(entity, property, entityManager)]),
    ),
  );
  await entityManager.execute(
    `insert into "${meta.tableName}" ("${TENANT_COLUMN}", ${names})
     select ?::uuid, ${values} from json_to_recordset(?::json) as rows (${definitions})`,
    [tenantOf(entityManager), JSON.stringify(rows)],
  );
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly property: EntityProperty;
}

/** All that is stored, but the tenant, and what the server makes by itself. */
function columnsOf({ props }: EntityMetadata): readonly Column[] {
  return props
    .filter(({ persist = true, generated, fieldNames }) => persist && !generated && fieldNames)
    .flatMap((property) =>
      property.fieldNames
        .map((name, index): Column => ({
          name,
          type: String(property.columnTypes[index]),
          property,
        }))
        .filter(({ name }) => name !== TENANT_COLUMN),
    );
}

/** What the type of a property makes of a value, both of them SQL. */
function storedAs(value: string, { customType }: EntityProperty, platform: Platform): string {
  return customType?.convertToDatabaseValueSQL?.(value, platform) ?? value;
}

/** Of a relation the key, without the tenant. */
function valueOf(
  entity: object,
  { name, targetMeta, onCreate }: EntityProperty,
  entityManager: EntityManager,
): unknown {
  const value: unknown =
    (entity as Record<string, unknown>)[name] ?? onCreate?.(entity, entityManager);
  return targetMeta && value ? (value as BaseEntity).id : value;
}
