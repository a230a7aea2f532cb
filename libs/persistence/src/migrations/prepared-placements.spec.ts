import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { CONNECTIONS, migration, one, useFleets } from '../testing/fleets.ts';

const fleets = useFleets();
const { fleet, query, addPlacements } = fleets;

const two = migration('2-two', 'alter table note add column body text', 'select pg_sleep(0.4)');

/** How often somebody has read through all that is in the database. Sessions have told it when they have ended. */
async function readingsOfAll(): Promise<number> {
  const others = `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  while ((await query<object[]>(others)).length > 0) {
    await sleep(20);
  }
  const [{ count }] = await query<[{ count: number }]>(
    `select seq_scan::int as count from pg_stat_sys_tables where relname = 'pg_class'`,
  );
  return count;
}

/** Roles are the server's, and no other test has this one. */
const schema = `t_${randomBytes(8).toString('hex')}`;
const role = `tenantry_${schema}`;

const addPlacement = (): Promise<unknown> =>
  query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name) values (gen_random_uuid(), now(), now(), 'schema', ?)`,
    [schema],
  );

/** What the role of the placement may do, and who may become it. */
async function rights(): Promise<object> {
  const [found] = await query<[object]>(
    `select has_schema_privilege('${role}', '${schema}', 'usage') as enters,
       has_table_privilege('${role}', '${schema}.note', 'select, insert, update, delete') as uses,
       has_table_privilege('tenantry_tenant', '${schema}.note', 'select') as others,
       pg_has_role('${role}', 'tenantry_tenant', 'usage') as "seesItself",
       pg_has_role('tenantry_app', '${role}', 'member') as app`,
  );
  return found;
}

const RIGHT = { enters: true, uses: true, others: false, seesItself: true, app: true };

describe('a placement that is made', () => {
  it('has a role that reads its tables and its tenants, and that the app may become', async () => {
    await fleet([one]).migrate();
    await addPlacement();

    await fleet([one]).migrate();

    expect(await rights()).toEqual(RIGHT);
  });

  it('is given a role that is there already', async () => {
    await fleet([one]).migrate();
    await addPlacement();
    await query(`drop role if exists ${role}`);
    await query(`create role ${role}`);

    await fleet([one]).migrate();

    expect(await rights()).toEqual(RIGHT);
  });

  it('does not wait for others that are made', async () => {
    await fleet([one]).migrate();
    await addPlacements(15);
    const start = Date.now();

    await fleet([one, two]).migrate();

    // One by one they would take 6.4 s.
    expect(Date.now() - start).toBeLessThan(5_500);
  });

  it('costs the same in a large database', async () => {
    const orm = createOwnerOrm(fleets.config.ownerUrl, fleets.config.database, CONNECTIONS);
    await fleet([one], orm).migrate();
    await addPlacements(30);

    await fleet([one], orm).migrate();

    await orm.close();
    expect(await readingsOfAll()).toBeLessThan(60);
  });

  it('of an app that has got another login is made ready for that one', async () => {
    await fleet([one]).migrate();
    await addPlacement();
    await fleet([one]).migrate();
    await query(`revoke ${role} from tenantry_app`);

    await fleet([one]).migrate();

    expect(await rights()).toEqual(RIGHT);
  });
});

describe('a placement of the time when all had one role', () => {
  it('is given one of its own, and that one loses its rights', async () => {
    await fleet([one]).migrate();
    await addPlacement();
    await query(
      `create schema ${schema} authorization tenantry_owner; grant usage on schema ${schema} to tenantry_tenant;
       set role tenantry_owner; create table ${schema}.note (tenant_id uuid primary key);
       grant select on ${schema}.note to tenantry_tenant; reset role;
       insert into catalog.migration (target, name) values ('${schema}', '1-one')`,
    );

    await fleet([one]).migrate();

    expect(await rights()).toEqual(RIGHT);
    expect(
      await query(`select has_schema_privilege('tenantry_tenant', '${schema}', 'usage') as enters`),
    ).toEqual([{ enters: false }]);
  });
});
