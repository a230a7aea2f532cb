import type { Queryable } from '../connection/queryable.ts';
import { type Finding, finding } from './finding.ts';

/** The first minor release of each major one that has the fixes of row security of 2025 and 2026. */
const FIRST_SAFE_MINOR: Readonly<Record<number, number>> = { 15: 20, 16: 16, 17: 12, 18: 7 };
const OLDEST_MAJOR = 15;

/** What the prover is told of how strict to be. */
export interface Strictness {
  readonly production: boolean;
  /** Lets production run on a server without the known fixes. */
  readonly allowOldServer: boolean;
}

/** @param versionNumber as the server gives it, such as 180004 for 18.4 */
export function checkServerVersion(
  versionNumber: number,
  { production, allowOldServer }: Strictness,
): Finding[] {
  const [major, minor] = [Math.trunc(versionNumber / 10_000), versionNumber % 10_000];
  if (major >= OLDEST_MAJOR && minor >= (FIRST_SAFE_MINOR[major] ?? 0)) {
    return [];
  }
  const least = FIRST_SAFE_MINOR[major];
  return [
    finding(
      'server-version',
      `PostgreSQL ${major}.${minor}`,
      least === undefined ? 'is not supported' : `lacks fixes that ${major}.${least} has`,
      production && !allowOldServer ? 'leak' : 'warning',
    ),
  ];
}

export async function readServerVersion(database: Queryable): Promise<number> {
  const [row] = await database.execute<{ version: number }[]>(
    `select current_setting('server_version_num')::int as version`,
  );
  return row?.version ?? 0;
}
