import type { Queryable } from '../connection/queryable.ts';

/** The schemas of the warm pool, by whoever may read the catalog. It changes nothing, and takes a catalog that has no pool yet. */
export async function readWarmSchemas(database: Queryable): Promise<readonly string[]> {
  const [{ hasPool }] = await database.execute<[{ hasPool: boolean }]>(
    `select to_regclass('catalog.warm_placement') is not null as "hasPool"`,
  );
  if (!hasPool) {
    return [];
  }
  const rows = await database.execute<{ schema: string }[]>(
    `select p.schema_name as schema from catalog.warm_placement w join catalog.placement p on p.id = w.placement_id
     order by w.created_at, p.id`,
  );
  return rows.map(({ schema }) => schema);
}
