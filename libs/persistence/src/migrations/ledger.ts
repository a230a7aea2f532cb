import type { EntityManager } from '@mikro-orm/postgresql';
import type { FleetSnapshot } from './fleet-plan.ts';

/**
 * The record of what has been applied where, in the catalog. Its rows are written in the transaction of the DDL they
 * record, so it cannot be wrong.
 */
export async function readSnapshot(entityManager: EntityManager): Promise<FleetSnapshot> {
  if (!(await hasCatalog(entityManager))) {
    return { placements: [], applied: new Map() };
  }
  const rows = await entityManager.execute<{ target: string; names: string[] }[]>(`
    select target.name as target, coalesce(array_agg(m.name order by m.name) filter (where m.name is not null), '{}') as names
    from (select 'catalog' as name, 0 as position union all select schema_name, 1 from catalog.placement) target
    left join catalog.migration m on m.target = target.name
    group by target.name, target.position
    order by target.position, target.name`);
  return {
    placements: rows.map(({ target }) => target).filter((target) => target !== 'catalog'),
    applied: new Map(rows.map(({ target, names }) => [target, names])),
  };
}

/** The names of the migrations that have been applied to one target. */
export async function readApplied(
  entityManager: EntityManager,
  target: string,
): Promise<readonly string[]> {
  if (!(await hasCatalog(entityManager))) {
    return [];
  }
  const rows = await entityManager.execute<{ name: string }[]>(
    'select name from catalog.migration where target = ? order by name',
    [target],
  );
  return rows.map(({ name }) => name);
}

export async function recordApplied(
  entityManager: EntityManager,
  target: string,
  name: string,
): Promise<void> {
  await entityManager.execute('insert into catalog.migration (target, name) values (?, ?)', [
    target,
    name,
  ]);
}

export async function recordRolledBack(
  entityManager: EntityManager,
  target: string,
  name: string,
): Promise<void> {
  await entityManager.execute('delete from catalog.migration where target = ? and name = ?', [
    target,
    name,
  ]);
}

/** From this migration on a placement has tables for what units of work leave behind: markers, answers, events. */
const WITH_RECORDS = '20261124232657-unit-of-work';

/** The schemas of the placements that have those tables: in the middle of a deployment others may lack them still. */
export async function placementsWithRecords(
  entityManager: EntityManager,
): Promise<readonly string[]> {
  const rows = await entityManager.execute<{ schema: string }[]>(
    `select p.schema_name as schema from catalog.placement p
     join catalog.migration m on m.target = p.schema_name and m.name = ? order by p.id`,
    [WITH_RECORDS],
  );
  return rows.map(({ schema }) => schema);
}

/** Forgets a target that is not there any more. */
export async function forgetTarget(entityManager: EntityManager, target: string): Promise<void> {
  await entityManager.execute('delete from catalog.migration where target = ?', [target]);
}

async function hasCatalog(entityManager: EntityManager): Promise<boolean> {
  const [row] = await entityManager.execute<{ there: boolean }[]>(
    `select to_regclass('catalog.migration') is not null as there`,
  );
  return row?.there === true;
}
