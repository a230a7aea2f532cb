import { asTransaction, type FleetPlan, withFleet } from '@tenantry/persistence';
import { type Database, recordPlacements } from './database.ts';

/** Migrates the catalog. @returns the SQL of the migrations, as one transaction has it that makes a placement */
export async function readPlacementStatements({
  config,
  pool,
}: Database): Promise<readonly string[]> {
  await withFleet(config, (fleet) => fleet.migrate());
  await recordPlacements(pool, ['t_plan']);
  const plan: FleetPlan = await withFleet(config, (fleet) => fleet.plan());
  await pool.query(`delete from catalog.placement where schema_name = 't_plan'`);
  return plan.waves.flatMap(({ targets }) =>
    targets.flatMap(({ steps }) => steps.flatMap((step) => asTransaction(step, step.up))),
  );
}

/** One message that makes a placement: role, schema, rights and tables. */
export function placementScript(schema: string, statements: readonly string[]): string {
  return inOneTransaction([
    `do $$ begin if not exists (select from pg_roles where rolname = 'tenantry_${schema}') then create role "tenantry_${schema}" nologin role tenantry_app; end if; end $$`,
    'set local role tenantry_owner',
    `create schema "${schema}"`,
    `grant usage on schema "${schema}" to "tenantry_${schema}", tenantry_relay`,
    `alter default privileges in schema "${schema}" grant select, insert, update, delete on tables to "tenantry_${schema}"`,
    `set local search_path to "${schema}"`,
    ...statements,
    'set local role none',
    // Last, since only one at a time can do it.
    `grant tenantry_tenant to "tenantry_${schema}"`,
  ]);
}

export function inOneTransaction(statements: readonly string[]): string {
  return ['begin', ...statements, 'commit'].map((sql) => sql.replace(/;?$/, ';')).join('\n');
}
