import { SHARED_SCHEMA, slug, type TenantId } from '@tenantry/domain';
import { type PlacedTenant, withFleet } from '@tenantry/persistence';
import type pg from 'pg';
import { type Address, type Database, withDatabase } from '../database.ts';
import type { Place } from './subject.ts';

/** How much there is. */
export interface Size {
  readonly tenants: number;
  /** Of each: so many members, so many projects with one task each. */
  readonly rows: number;
}

/** A database with the tables and policies of this library, and the same ids in all tenants. */
export interface Installation {
  readonly database: Database;
  /** Many tenants in one placement. */
  readonly shared: Inhabited;
  /** One tenant in a placement of its own. */
  readonly dedicated: Inhabited;
  readonly size: Size;
}

/** A place, and who is there. */
export interface Inhabited {
  readonly place: Place;
  readonly tenants: readonly PlacedTenant[];
}

/** Every second project has it. */
export const WORD = 'brakes';
const FLOOR = 'benchmark_floor';
const DEDICATED_SCHEMA = 't_00000000000070008000000000000ded';

/** Gives `work` an installation of its own, which is left to go with the server. */
export function withInstallation<Result>(
  server: Address,
  size: Size,
  work: (installation: Installation) => Promise<Result>,
): Promise<Result> {
  return withDatabase(server, 1, async (database) => {
    await withFleet(database.config, async (fleet) => {
      await fleet.migrate();
      await fleet.migratePlacement(DEDICATED_SCHEMA);
    });
    const numbers = Array.from({ length: size.tenants }, (_, index) => index + 1);
    const last = size.tenants + 1;
    await fill(database.pool, SHARED_SCHEMA, 1, size);
    await fill(database.pool, DEDICATED_SCHEMA, last, { ...size, tenants: 1 });
    await database.pool.query('vacuum analyze');
    await makeFloor(database.pool, database.config.database.url);
    const inhabited = (schema: string, tenants: readonly number[]): Inhabited => ({
      place: placeOf(database, schema),
      tenants: tenants.map((number) => tenantOf(number, schema)),
    });
    return work({
      database,
      shared: inhabited(SHARED_SCHEMA, numbers),
      dedicated: inhabited(DEDICATED_SCHEMA, [last]),
      size,
    });
  });
}

/** The id of a row, which every tenant has. */
export function idOf(row: number): string {
  return `00000000-0000-7000-8000-${String(row).padStart(12, '0')}`;
}

/** The tenant with a number; numbers begin with 1. */
export function tenantOf(number: number, schema: string): PlacedTenant {
  return {
    id: `00000000-0000-7000-8001-${String(number).padStart(12, '0')}` as TenantId,
    slug: slug(`tenant-${number}`),
    schema,
  };
}

/** Names begin with the tenant's, so that each answer says whose it is. */
async function fill(
  pool: pg.Pool,
  schema: string,
  first: number,
  { tenants, rows }: Size,
): Promise<void> {
  const source = `from generate_series(${first}, ${first + tenants - 1}) tenant, generate_series(1, ${rows}) row`;
  const key = `${uuid('8001', 'tenant')}, ${uuid('8000', 'row')}, now(), now()`;
  const name = `'tenant-' || tenant || ' ' || row`;
  await pool.query(
    `insert into "${schema}".member (tenant_id, id, created_at, updated_at, email, name)
     select ${key}, 'm' || row || '@example.com', ${name} ${source}`,
  );
  await pool.query(
    `insert into "${schema}".project (tenant_id, id, created_at, updated_at, key, name, description, status, settings, last_task_number, open_task_count)
     select ${key}, 'P' || row, ${name} || case row % 2 when 0 then ' ${WORD}' else '' end, 'What there is to do', 'active', '{"color":"#d7263d"}', 1, 1 ${source}`,
  );
  await pool.query(
    `insert into "${schema}".task (tenant_id, id, created_at, updated_at, project_id, number, title, status, assignee_id, labels)
     select ${key}, ${uuid('8000', 'row')}, 1, ${name}, 'open', ${uuid('8000', 'row')}, '{one,two}' ${source}`,
  );
}

function uuid(group: string, number: string): string {
  return `('00000000-0000-7000-${group}-' || lpad(${number}::text, 12, '0'))::uuid`;
}

/**
 * A login that bypasses row security, for the floors alone: what statements cost when nothing keeps tenants apart, neither the
 * policies nor what a role has to be told first.
 */
async function makeFloor(pool: pg.Pool, appUrl: string): Promise<void> {
  await pool.query(
    `do $$ begin if not exists (select from pg_roles where rolname = '${FLOOR}') then create role ${FLOOR} login bypassrls password '${FLOOR}'; end if; end $$`,
  );
  await pool.query(`grant connect on database "${databaseOf(appUrl)}" to ${FLOOR}`);
  for (const schema of [SHARED_SCHEMA, DEDICATED_SCHEMA]) {
    await pool.query(`grant usage on schema "${schema}" to ${FLOOR}`);
    await pool.query(
      `grant select, insert, update, delete on all tables in schema "${schema}" to ${FLOOR}`,
    );
  }
}

function placeOf({ config: { database } }: Database, schema: string): Place {
  const floor = new URL(database.url);
  floor.username = FLOOR;
  floor.password = FLOOR;
  floor.searchParams.set('options', `-c search_path=${schema}`);
  return { appUrl: database.url, floorUrl: floor.href, connections: database.poolMax, schema };
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
