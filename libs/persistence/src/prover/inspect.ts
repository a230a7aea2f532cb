import type { Queryable } from '../connection/queryable.ts';
import { checkCatalogTable } from './catalog-checks.ts';
import { checkCode } from './code-checks.ts';
import { readCode } from './code-facts.ts';
import type { Finding } from './finding.ts';
import { checkGrant } from './grant-checks.ts';
import { readExcessGrants } from './grant-facts.ts';
import {
  checkPlacements,
  hasCatalog,
  type InspectedPlacement,
  readLogin,
  readPlacements,
} from './placements.ts';
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
  database: Queryable,
  login: string,
  strictness: Strictness,
): Promise<Finding[]> {
  const placements = await readPlacements(database);
  const catalog = await readTables(database, ['catalog']);
  return [
    ...checkServerVersion(await readServerVersion(database), strictness),
    ...checkRoles(await readRoles(database, login), login),
    ...catalog.flatMap(checkCatalogTable),
    ...checkPlacements(placements),
    ...(await inspectPlacements(database, login, placements)),
  ];
}

/** The same as the app's own login; `null` before anything has been migrated. */
export async function inspectAsApp(
  database: Queryable,
  strictness: Strictness,
): Promise<Finding[] | null> {
  return (await hasCatalog(database))
    ? inspect(database, await readLogin(database), strictness)
    : null;
}

/** The part of it that is about placements, and whatever else can reach their rows. */
export async function inspectPlacements(
  database: Queryable,
  login: string,
  placements: readonly InspectedPlacement[],
): Promise<Finding[]> {
  const known = new Set(placements.filter((each) => each.known).map(({ schema }) => schema));
  const schemas = placements.map(({ schema }) => schema);
  const tables = await readTables(database, schemas);
  const code = await readCode(database, login, schemas);
  const grants = await readExcessGrants(database, login, placements);
  return [
    ...tables.flatMap((table) => checkTable(table, known.has(table.schema))),
    ...code.map(checkCode),
    ...grants.map(checkGrant),
  ];
}
