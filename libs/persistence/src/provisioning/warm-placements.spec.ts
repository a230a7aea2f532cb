import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  ArchiveTenant,
  DeleteTenant,
  OrphanedPlacements,
  SuspendTenant,
  UnitOfWork,
} from '@tenantry/application';
import {
  email,
  Member,
  newId,
  Placement,
  type Tenant,
  TenantOperationRepository,
  TenantRepository,
} from '@tenantry/domain';
import pg from 'pg';
import { migrationLists } from '../migrations/migration-lists.ts';
import { withFleet } from '../migrations/with-fleet.ts';
import { placed } from '../tenant-context/placed-tenant.ts';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { asOwner, type Provisioner, startProvisioner } from '../testing/provisioning-harness.ts';
import { WarmPlacements } from './warm-placements.ts';

/** Every tenant has a member of this id. */
const MEMBER = newId<'Member'>();

let persistence: Persistence;
let provisioner: Provisioner;
let second: Provisioner;

beforeAll(async () => {
  persistence = await startPersistence();
  provisioner = await startProvisioner(persistence.config);
  second = await startProvisioner(persistence.config);
});

// The pool is empty, and all names are free.
beforeEach(() =>
  query('with gone as (delete from catalog.warm_placement) delete from catalog.tenant'),
);

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(async () => {
  await second.stop();
  await provisioner.stop();
  await persistence.stop();
});

const query = <Row extends object>(sql: string, parameters?: unknown[]) =>
  asOwner<Row>(persistence.config, sql, parameters);

const fill = (size: number, process = provisioner): Promise<void> =>
  process.get(WarmPlacements).fill(size, new AbortController().signal);

/** The schemas of the pool, the oldest first. */
async function pool(): Promise<string[]> {
  const rows = await query<{ schema: string }>(
    `select schema_name as schema from catalog.warm_placement w join catalog.placement p on p.id = w.placement_id order by w.created_at`,
  );
  return rows.map(({ schema }) => schema);
}

/** What records a placement of the pool, of which nothing is made yet. */
function recorded(): { sql: string; schema: string } {
  const { id, schema } = Placement.dedicated();
  const sql = `insert into catalog.placement values ('${id}', now(), now(), 'schema', '${schema}');
    insert into catalog.warm_placement values ('${id}')`;
  return { sql, schema };
}

async function register(name: string): Promise<Tenant> {
  return (await provisioner.register(name, 'schema')).tenant;
}

/** Registers a tenant and makes it. */
async function made(name: string): Promise<Tenant> {
  await register(name);
  await provisioner.pass();
  const { tenant } = (await provisioner.find(name))!;
  expect(tenant.status).toBe('active');
  return tenant;
}

/** A row of the tenant's with the id that those of all tenants have, and all that it can see. */
async function namesSeen(tenant: Tenant): Promise<string[]> {
  await persistence.as(placed(tenant), async () => {
    persistence.members.add(
      new Member({ id: MEMBER, email: email('ada@example.com'), name: tenant.slug }),
    );
  });
  return persistence.as(placed(tenant), async () => {
    const rows =
      await persistence.entityManager.execute<{ name: string }[]>('select name from member');
    return rows.map(({ name }) => name);
  });
}

describe('the warm pool', () => {
  it('is filled with placements that are at the newest version and belong to nobody', async () => {
    await fill(2);

    const schemas = await pool();
    expect(schemas).toHaveLength(2);
    const targets = await withFleet(persistence.config, (fleet) => fleet.status());
    for (const schema of schemas) {
      expect(targets.find(({ name }) => name === schema)).toMatchObject({
        applied: migrationLists.tenant.map(({ name }) => name),
        pending: [],
        slugs: [],
      });
    }
    const drift = await withFleet(persistence.config, (fleet) => fleet.verify({ only: schemas }));
    expect(drift).toEqual({ equal: 2, different: [], unknown: [] });
    // The harness has made the placement of initech, but no tenant.
    const orphans = await provisioner.get(OrphanedPlacements).find();
    expect(orphans.placements.filter((schema) => schemas.includes(schema))).toEqual([]);
    expect(orphans.schemas.filter((schema) => schemas.includes(schema))).toEqual([]);
  });

  it('is empty unless its size says otherwise, and placements are made as they are asked for', async () => {
    await fill(0);
    const before = await register('hooli');

    await provisioner.pass();

    expect(await pool()).toEqual([]);
    expect((await provisioner.find('hooli'))?.tenant).toMatchObject({
      status: 'active',
      placement: { id: before.placement!.id },
    });
  });

  it('is filled by several processes at once, and never more than full', async () => {
    await Promise.all([fill(4), fill(4, second), fill(4), fill(4, second)]);

    expect(await pool()).toHaveLength(4);
    expect(
      await query(
        `select from catalog.placement where to_regclass(format('%I.member', schema_name)) is null`,
      ),
    ).toEqual([]);
  });

  it('is not filled beyond its size while another process adds to it', async () => {
    const elsewhere = new pg.Client({ connectionString: persistence.config.ownerUrl });
    await elsewhere.connect();
    await elsewhere.query('begin');
    await elsewhere.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      'tenantry placement catalog',
    ]);
    const { sql, schema } = recorded();
    await elsewhere.query(sql);
    let filled = false;
    const filling = fill(1).then(() => {
      filled = true;
    });
    await sleep(200);
    expect(filled).toBe(false);

    await elsewhere.query('commit');
    await elsewhere.end();
    await filling;

    expect(await pool()).toEqual([schema]);
  });

  it('is completed by the next process when one ends in the middle', async () => {
    const { sql, schema } = recorded();
    await query(sql);
    expect((await made('hooli')).placement!.schema).not.toBe(schema);

    await fill(1);

    expect(await pool()).toEqual([schema]);
    expect((await made('pied-piper')).placement!.schema).toBe(schema);
  });

  it('is written by the owner alone: the app can neither take from it nor put anything back', async () => {
    await fill(1);
    const statements = [
      'delete from catalog.warm_placement',
      'update catalog.warm_placement set created_at = now()',
      'insert into catalog.warm_placement select id from catalog.placement',
    ];

    for (const statement of statements) {
      await expect(
        persistence.context.runAsOperator('a test', () =>
          persistence.unitOfWork.run(() => persistence.entityManager.execute(statement)),
        ),
      ).rejects.toMatchObject({ code: '42501' });
    }
    expect(await pool()).toHaveLength(1);
  });
});

describe('a tenant that takes a placement of the pool', () => {
  it('has it in place of its own, which leaves nothing behind', async () => {
    await fill(2);
    const [oldest, other] = await pool();
    const { placement } = await register('hooli');

    await provisioner.pass();

    expect((await provisioner.find('hooli'))?.tenant).toMatchObject({
      status: 'active',
      placement: { schema: oldest },
    });
    expect(await pool()).toEqual([other]);
    const { id, schema } = placement!;
    expect(await query('select from catalog.placement where id = $1', [id])).toEqual([]);
    expect(await query('select from pg_namespace where nspname = $1', [schema])).toEqual([]);
    expect(await query('select from catalog.migration where target = $1', [schema])).toEqual([]);
  });

  it('takes none when it has been said which one is its own', async () => {
    await fill(1);
    const placementId = newId<'Placement'>();
    await provisioner.register('hooli', 'schema', { placementId });

    await provisioner.pass();

    expect(await pool()).toHaveLength(1);
    expect((await provisioner.find('hooli'))?.tenant).toMatchObject({
      status: 'active',
      placement: { id: placementId },
    });
  });

  it('takes none when its own has been begun, by a version that knew a step more', async () => {
    await fill(1);
    const { id, placement } = await register('hooli');
    await query(`create role tenantry_${placement!.schema}`);
    await query(`update catalog.tenant_operation set step = 'role' where tenant_id = $1`, [id]);

    await provisioner.pass();

    expect(await pool()).toHaveLength(1);
    expect((await provisioner.find('hooli'))?.tenant).toMatchObject({
      status: 'active',
      placement: { id: placement!.id },
    });
  });

  it('has one of its own among twenty at once, of which five find one ready', async () => {
    await fill(5);
    const ready = await pool();
    const names = Array.from({ length: 20 }, (_, index) => `tenant-${index}`);
    await Promise.all(names.map(register));
    const requested = await Promise.all(
      names.map(async (name) => (await provisioner.find(name))!.tenant),
    );

    const taken = await Promise.all(
      requested.map((tenant, index) =>
        [provisioner, second][index % 2]!.get(WarmPlacements).take(tenant),
      ),
    );
    await Promise.all([provisioner.pass(), second.pass()]);

    expect(taken.filter(Boolean)).toHaveLength(5);
    expect(await pool()).toEqual([]);
    const tenants = await Promise.all(
      names.map(async (name) => (await provisioner.find(name))!.tenant),
    );
    const schemas = tenants.map(({ placement }) => placement!.schema);
    expect(new Set(schemas).size).toBe(20);
    expect(schemas.filter((schema) => ready.includes(schema)).toSorted()).toEqual(ready.toSorted());
    expect(tenants.every(({ status }) => status === 'active')).toBe(true);
    expect(await Promise.all(tenants.map(namesSeen))).toEqual(names.map((name) => [name]));
  });

  it('gives it back when what takes it is rolled back', async () => {
    await fill(1);
    const [ready] = await pool();
    const tenant = await register('hooli');
    // After it has been taken from the pool.
    await query(
      `create function public.refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end'`,
    );
    await query(
      `create trigger refuse before update on catalog.tenant for each row execute function public.refuse()`,
    );

    await expect(provisioner.get(WarmPlacements).take(tenant)).rejects.toMatchObject({
      code: 'P0001',
    });
    expect(await pool()).toEqual([ready]);
    await query('drop trigger refuse on catalog.tenant');

    expect((await made('pied-piper')).placement!.schema).not.toBe(tenant.placement!.schema);
    expect(await pool()).toEqual([]);
  });

  it('keeps what it has been given when the process ends before it has said so', async () => {
    await fill(2);
    const [oldest, other] = await pool();
    await provisioner.get(WarmPlacements).take(await register('hooli'));

    await second.pass();

    expect(await pool()).toEqual([other]);
    expect((await second.find('hooli'))?.tenant).toMatchObject({
      status: 'active',
      placement: { schema: oldest },
    });
  });

  it('is given one, however often it is tried at once', async () => {
    await fill(3);
    const tenant = await register('hooli');

    const outcomes = await Promise.allSettled(
      [provisioner, second].map((each) => each.get(WarmPlacements).take(tenant)),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await pool()).toHaveLength(2);
  });

  it('and is deleted takes it along: it is never anybody’s again', async () => {
    await fill(1);
    const [ready] = await pool();
    const tenant = await made('hooli');
    expect(await namesSeen(tenant)).toEqual(['hooli']);

    await provisioner.asOperator(async () => {
      const unitOfWork = provisioner.get(UnitOfWork);
      const tenants = provisioner.get(TenantRepository);
      await new SuspendTenant(unitOfWork, tenants).run(tenant.id);
      await new ArchiveTenant(unitOfWork, tenants).run(tenant.id);
      await new DeleteTenant(unitOfWork, tenants, provisioner.get(TenantOperationRepository)).run(
        tenant.id,
      );
    });
    await provisioner.pass();

    expect(await query('select from pg_namespace where nspname = $1', [ready])).toEqual([]);
    expect(await query('select from catalog.placement where schema_name = $1', [ready])).toEqual(
      [],
    );
    expect(await pool()).toEqual([]);
  });
});

describe('a placement of the pool', () => {
  it('that lags behind is not taken before it is brought up to date', async () => {
    await fill(1);
    const [ready] = await pool();
    await withFleet(persistence.config, (fleet) =>
      fleet.rollback({ list: 'tenant', only: [ready!], loseData: true }),
    );

    expect((await made('hooli')).placement!.schema).not.toBe(ready);
    await fill(1);

    expect(await pool()).toEqual([ready]);
    expect((await made('pied-piper')).placement!.schema).toBe(ready);
  });

  it('that is being migrated is not taken meanwhile, nor waited for', async () => {
    await fill(1);
    const [ready] = await pool();
    const migrator = new pg.Client({ connectionString: persistence.config.ownerUrl });
    await migrator.connect();
    await migrator.query('begin');
    await migrator.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `tenantry placement ${ready}`,
    ]);

    expect((await made('hooli')).placement!.schema).not.toBe(ready);

    await migrator.end();
    expect((await made('pied-piper')).placement!.schema).toBe(ready);
  });

  it('that has rows is never taken, and leaves the pool', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    await fill(2);
    const [used, ready] = await pool();
    await query(
      `insert into "${used}".member (tenant_id, id, created_at, updated_at, email, name)
       values (gen_random_uuid(), gen_random_uuid(), now(), now(), 'ada@example.com', 'Ada')`,
    );

    expect((await made('hooli')).placement!.schema).toBe(ready);

    expect(await pool()).toEqual([]);
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ schema: used }));
    expect((await provisioner.get(OrphanedPlacements).find()).placements).toContain(used);
    expect((await made('pied-piper')).placement!.schema).not.toBe(used);
  });

  it('that has a tenant is never taken, not even while that tenant is being stored', async () => {
    jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    await fill(1);
    const [used] = await pool();
    const { id } = await register('hooli');
    const elsewhere = new pg.Client({ connectionString: persistence.config.ownerUrl });
    await elsewhere.connect();
    await elsewhere.query('begin');
    await elsewhere.query(
      `insert into catalog.tenant (id, created_at, updated_at, slug, name, status, plan, features, configuration, placement_id)
       select gen_random_uuid(), now(), now(), 'squatter', 'squatter', 'active', 'free', '{}', '{}', id from catalog.placement where schema_name = $1`,
      [used],
    );

    await provisioner.pass();
    await elsewhere.query('commit');
    await elsewhere.end();

    expect((await provisioner.find('hooli'))?.tenant.id).toBe(id);
    expect((await provisioner.find('hooli'))?.tenant.placement!.schema).not.toBe(used);
    expect((await made('pied-piper')).placement!.schema).not.toBe(used);
    expect(await pool()).toEqual([]);
  });
});
