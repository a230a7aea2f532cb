import { randomBytes } from 'node:crypto';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';

/** The addresses of a server, or of a database on it. */
export type Address = Readonly<Record<'DATABASE_URL' | 'MIGRATOR_DATABASE_URL', string>>;

/** A database of its own for one measurement. */
export interface Database {
  readonly config: MigratorConfig;
  readonly pool: pg.Pool;
}

/**
 * Gives `work` a new database. It is left to go with the server: a file system that has just removed a hundred thousand
 * files is slow to make others, and what is measured next would pay for that.
 */
export async function withDatabase<Result>(
  server: Address,
  connections: number,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const name = `benchmark_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server.MIGRATOR_DATABASE_URL });
  await admin.connect();
  await admin.query(`create database "${name}"`);
  const at = (url: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const config = readMigratorConfig({
    DATABASE_URL: at(server.DATABASE_URL),
    MIGRATOR_DATABASE_URL: at(server.MIGRATOR_DATABASE_URL),
    DB_SLOW_QUERY_MS: '600000',
  });
  try {
    return await withPool(config, connections, (pool) => work({ config, pool }));
  } finally {
    await admin.end();
  }
}

/** Gives `work` connections of the owner's, which are made when they are needed. */
export async function withPool<Result>(
  { ownerUrl }: MigratorConfig,
  connections: number,
  work: (pool: pg.Pool) => Promise<Result>,
): Promise<Result> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: connections });
  // It has ended before its last connection is closed: the server may be gone by then.
  pool.on('error', () => undefined);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** So many names of placements, from one number on. */
export function placementNames(from: number, to: number): readonly string[] {
  return Array.from(
    { length: to - from },
    (_, index) => `t_${String(from + index).padStart(32, '0')}`,
  );
}

/** Records placements, as the provisioner does before it makes them. */
export async function recordPlacements(pool: pg.Pool, names: readonly string[]): Promise<void> {
  await pool.query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
     select gen_random_uuid(), now(), now(), 'schema', name from unnest($1::text[]) name`,
    [names],
  );
}

/** A long run says how far it is. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
