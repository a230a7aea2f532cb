import type { EntityManager } from '@mikro-orm/postgresql';
import { checkCatalogTable } from './catalog-checks.ts';
import { checkCode } from './code-checks.ts';
import { readCode } from './code-facts.ts';
import type { Finding } from './finding.ts';
import { checkGrant } from './grant-checks.ts';
import { readExcessGrants } from './grant-facts.ts';
import { checkPlacements, type InspectedPlacement, readPlacements } from './placements.ts';
import { checkRoles } from './role-checks.ts';
import { readRoles } from './role-facts.ts';
import { checkServerVersion, readServerVersion, type Strictness } from './server-check.ts';
import { checkTable } from './table-checks.ts';
import { readTables } from './table-facts.ts';

/**
 * Compares what the server says of itself with what isolation asks for, over all placements, by a handful of queries that
 * only read. Any role that sees all rows of `catalog.placement` can do it.
 * @param login the app's
 */
export async function inspect(
  entityManager: EntityManager,
  login: string,
  strictness: Strictness,
): Promise<Finding[]> {
  const placements = await readPlacements(entityManager);
  const catalog = await readTables(entityManager, ['catalog']);
  return [
    ...checkServerVersion(await readServerVersion(entityManager), strictness),
    ...checkRoles(await readRoles(entityManager, login), login),
    ...catalog.flatMap(checkCatalogTable),
    ...checkPlacements(placements),
    ...(await inspectPlacements(entityManager, login, placements)),
  ];
}

/** The part of it that is about placements, and whatever else can reach their rows. */
export async function inspectPlacements(
  entityManager: EntityManager,
  login: string,
  placements: readonly InspectedPlacement[],
): Promise<Finding[]> {
  const known = new Set(placements.filter((each) => each.known).map(({ schema }) => schema));
  const schemas = placements.map(({ schema }) => schema);
  const tables = await readTables(entityManager, schemas);
  const code = await readCode(entityManager, login, schemas);
  const grants = await readExcessGrants(entityManager, login, placements);
  return [
    ...tables.flatMap((table) => checkTable(table, known.has(table.schema))),
    ...code.map(checkCode),
    ...grants.map(checkGrant),
  ];
}
