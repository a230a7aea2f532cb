import { setTimeout as sleep } from 'node:timers/promises';
import {
  ArchiveTenant,
  DeleteTenant,
  RepairTenants,
  SuspendTenant,
  UnitOfWork,
} from '@tenantry/application';
import {
  type Isolation,
  Member,
  email,
  newId,
  type OperationStep,
  Project,
  projectKey,
  type Tenant,
  TenantOperationRepository,
  TenantRepository,
} from '@tenantry/domain';
import { CarryOutOperations, OrphanedPlacements } from '@tenantry/application';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { placed } from '../tenant-context/placed-tenant.ts';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { asOwner, type Provisioner, startProvisioner } from '../testing/provisioning-harness.ts';
import { MikroTenantEraser } from './mikro-tenant-eraser.ts';

const MEMBER = newId<'Member'>();
const PROJECT = newId<'Project'>();

let persistence: Persistence;
let provisioner: Provisioner;
let second: Provisioner;

beforeEach(async () => {
  persistence = await startPersistence();
  provisioner = await startProvisioner(persistence.config);
  second = await startProvisioner(persistence.config);
});

afterEach(async () => {
  await second.stop();
  await provisioner.stop();
  await persistence.stop();
});

const query = <Row extends object>(sql: string, parameters?: unknown[]) =>
  asOwner<Row>(persistence.config, sql, parameters);

/** An active tenant whose rows have the ids that all of them have. */
async function tenantWithRows(name: string, isolation: Isolation): Promise<Tenant> {
  await provisioner.register(name, isolation);
  await provisioner.pass();
  const { tenant } = (await provisioner.find(name))!;
  await persistence.as(placed(tenant), async () => {
    const ada = new Member({ id: MEMBER, email: email('ada@example.com'), name });
    persistence.members.add(ada);
    const project = new Project({ id: PROJECT, key: projectKey('ONE'), name });
    for (let number = 1; number <= 5; number++) {
      project.addTask({ title: `${name} ${number}`, assignee: ada });
    }
    persistence.projects.add(project);
  });
  return tenant;
}

/** Suspends, archives and requests the deletion. */
async function requestDeletion({ id }: Tenant): Promise<void> {
  const unitOfWork = provisioner.get(UnitOfWork);
  const tenants = provisioner.get(TenantRepository);
  const operations = provisioner.get(TenantOperationRepository);
  await provisioner.asOperator(async () => {
    await new SuspendTenant(unitOfWork, tenants).run(id);
    await new ArchiveTenant(unitOfWork, tenants).run(id);
    await new DeleteTenant(unitOfWork, tenants, operations).run(id);
  });
}

const rowsOf = (schema: string) =>
  Promise.all(
    ['member', 'project', 'task'].map((table) =>
      query(`select * from "${schema}".${table} order by tenant_id, id`),
    ),
  );

const tombstone = (id: string) =>
  query<{ status: string }>(
    'select slug, name, status, domain, features, configuration, placement_id from catalog.tenant where id = $1',
    [id],
  );

const roleOf = (schema: string) =>
  query(`select 1 from pg_roles where rolname = $1`, [`tenantry_${schema}`]);

describe('deleting a tenant among others', () => {
  it('erases every row of it, says so by table, and touches nobody else', async () => {
    const hooli = await tenantWithRows('hooli', 'shared');
    const before = await rowsOf('shared');
    const pied = await tenantWithRows('pied-piper', 'shared');
    const dedicated = await tenantWithRows('aviato', 'schema');
    const untouched = await rowsOf(dedicated.placement!.schema);
    for (const { id } of [hooli, pied]) {
      await query(
        `insert into catalog.seed (target, seeder, version, checksum, items) values ($1, 'inbox', 1, '', '{}')`,
        [id],
      );
    }
    await requestDeletion(pied);

    const [operation] = await provisioner.pass();

    expect(operation).toMatchObject({
      kind: 'delete',
      status: 'done',
      report: { rowsLeft: { member: 0, project: 0, task: 0 } },
    });
    expect(await rowsOf('shared')).toEqual(before);
    expect(await query('select target from catalog.seed')).toEqual([{ target: hooli.id }]);
    expect(await rowsOf(dedicated.placement!.schema)).toEqual(untouched);
    expect(await tombstone(pied.id)).toEqual([
      {
        slug: 'pied-piper',
        name: 'deleted',
        status: 'deleted',
        domain: null,
        features: {},
        configuration: {},
        placement_id: null,
      },
    ]);
    expect(await provisioner.find('hooli')).toMatchObject({
      tenant: { id: hooli.id, status: 'active' },
    });
  });

  it('waits for a transaction that began when the tenant was still served, and erases what it wrote', async () => {
    const tenant = await tenantWithRows('hooli', 'shared');
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const late = persistence.as(placed(tenant), async () => {
      persistence.members.add(new Member({ email: email('late@example.com'), name: 'late' }));
      await persistence.entityManager.flush();
      await finished;
    });
    await requestDeletion(tenant);

    const deletion = provisioner.pass();
    await sleep(1_500);
    finish();
    await late;

    expect(await deletion).toMatchObject([{ status: 'done' }]);
    expect(await query('select 1 from shared.member where name = $1', ['late'])).toEqual([]);
  });

  it('finds tables that only the server knows of', async () => {
    const tenant = await tenantWithRows('hooli', 'shared');
    await query(
      `create table shared.note (tenant_id uuid not null, id int not null, task_id uuid not null, primary key (tenant_id, id),
       foreign key (tenant_id, task_id) references shared.task (tenant_id, id));
       alter table shared.note owner to tenantry_owner;`,
    );
    await query(
      `insert into shared.note select tenant_id, 1, id from shared.task where tenant_id = '${tenant.id}'  limit 1`,
    );
    await requestDeletion(tenant);

    const [operation] = await provisioner.pass();

    expect(operation?.report.rowsLeft).toMatchObject({ member: 0, note: 0, project: 0, task: 0 });
    expect(await query('select * from shared.note')).toEqual([]);
  });

  it('goes in small transactions', async () => {
    const tenant = await tenantWithRows('hooli', 'shared');
    const owner = createOwnerOrm(persistence.config.ownerUrl, persistence.config.database);
    const eraser = new MikroTenantEraser(owner, 'tenantry_app', 2);
    // The fifth of the tasks cannot go: what went before is gone for good.
    await query(
      `create function shared.refuse() returns trigger language plpgsql as
         'begin if old.number = 5 then raise exception ''not this one''; end if; return old; end';
       create trigger refuse before delete on shared.task for each row execute function shared.refuse();`,
    );
    await expect(eraser.eraseRows(tenant)).rejects.toThrow('not this one');

    expect((await rowsOf('shared'))[2]!.length).toBeLessThan(5);
    await owner.close();
  });
});

describe('deleting a tenant with a placement of its own', () => {
  it('drops schema and role, and forgets the placement and its migrations', async () => {
    const tenant = await tenantWithRows('aviato', 'schema');
    const other = await tenantWithRows('hooli', 'schema');
    const schema = tenant.placement!.schema;
    const untouched = await rowsOf(other.placement!.schema);
    await query(
      `insert into catalog.migration_failure values ($1, gen_random_uuid(), '1-one', '42P07', 2)`,
      [schema],
    );
    await query(
      `insert into catalog.backfill_progress values ($1, '2-filled', $2, gen_random_uuid(), 7)`,
      [schema, tenant.id],
    );
    await requestDeletion(tenant);

    const [operation] = await provisioner.pass();

    expect(operation).toMatchObject({
      status: 'done',
      report: { rowsLeft: { member: 0, project: 0, task: 0 }, role: 'dropped' },
    });
    expect(await query('select 1 from pg_namespace where nspname = $1', [schema])).toEqual([]);
    expect(await roleOf(schema)).toEqual([]);
    expect(await query('select 1 from catalog.placement where schema_name = $1', [schema])).toEqual(
      [],
    );
    for (const table of ['migration', 'migration_failure', 'backfill_progress']) {
      expect(await query(`select 1 from catalog.${table} where target = $1`, [schema])).toEqual([]);
    }
    expect((await tombstone(tenant.id))[0]).toMatchObject({
      status: 'deleted',
      placement_id: null,
    });
    expect(await rowsOf(other.placement!.schema)).toEqual(untouched);
    expect(await roleOf(other.placement!.schema)).toHaveLength(1);
  });

  it('keeps a role that another database still uses, and says so', async () => {
    const tenant = await tenantWithRows('aviato', 'schema');
    const role = `tenantry_${tenant.placement!.schema}`;
    const elsewhere = await startPersistence();
    await asOwner(elsewhere.config, `grant usage on schema shared to "${role}"`);
    await requestDeletion(tenant);

    const [operation] = await provisioner.pass();

    expect(operation).toMatchObject({ status: 'done', report: { role: 'kept' } });
    expect(
      await query('select 1 from pg_namespace where nspname = $1', [tenant.placement!.schema]),
    ).toEqual([]);
    await elsewhere.stop();
    await query(`drop role "${role}"`);
  });

  it('is refused while another tenant has the same placement', async () => {
    const tenant = await tenantWithRows('aviato', 'schema');
    const other = await tenantWithRows('hooli', 'shared');
    await query('update catalog.tenant set placement_id = $1 where id = $2', [
      tenant.placement!.id,
      other.id,
    ]);
    const before = await rowsOf(tenant.placement!.schema);
    await requestDeletion(tenant);

    const [operation] = await provisioner.pass();

    expect(operation).toMatchObject({
      status: 'pending',
      error: 'Another tenant has the same placement.',
    });
    expect(await rowsOf(tenant.placement!.schema)).toEqual(before);
  });
});

describe.each<Isolation>(['shared', 'schema'])('a deletion with the isolation %s', (isolation) => {
  it.each<OperationStep>(['rows', 'placement', 'deleted'])(
    'that is interrupted after the step %s, before that is recorded, is completed by the next',
    async (last) => {
      const tenant = await tenantWithRows('hooli', isolation);
      await requestDeletion(tenant);
      provisioner.afterStep((step) => {
        if (step === last) {
          Object.assign(provisioner.carryOut, {
            change: () => Promise.reject(new Error('the process ended')),
          });
        }
      });
      await expect(provisioner.pass()).rejects.toThrow('the process ended');

      expect(await second.pass()).toMatchObject([
        { status: 'done', tenant: { status: 'deleted' } },
      ]);

      expect(await tombstone(tenant.id)).toMatchObject([{ status: 'deleted', placement_id: null }]);
      expect((await rowsOf('shared')).flat()).toEqual([]);
    },
  );
});

describe('the names of a deleted tenant', () => {
  it('are free again, and it is found by none of them', async () => {
    const first = await tenantWithRows('hooli', 'shared');
    await requestDeletion(first);
    await provisioner.pass();
    expect(await provisioner.find('hooli')).toBeNull();

    const again = await provisioner.register('hooli', 'shared');
    await provisioner.pass();

    expect(again.tenant.id).not.toBe(first.id);
    expect(await provisioner.find('hooli')).toMatchObject({ tenant: { status: 'active' } });
  });
});

describe('repairing', () => {
  const repair = (options: Parameters<RepairTenants['run']>[0]) =>
    second.asOperator(() =>
      new RepairTenants(
        second.get(UnitOfWork),
        second.get(TenantRepository),
        second.get(TenantOperationRepository),
        second.get(CarryOutOperations),
        second.get(OrphanedPlacements),
      ).run(options),
    );

  /** A tenant whose making fails after its schema has been made. */
  async function halfMade(name: string): Promise<Tenant> {
    const { tenant } = await provisioner.register(name, 'schema');
    provisioner.afterStep((step) => {
      if (step === 'migrations') {
        throw new Error('no disk');
      }
    });
    await provisioner.pass();
    return tenant;
  }

  it('completes what was begun', async () => {
    await halfMade('hooli');

    const { operations } = await repair({});

    expect(operations).toMatchObject([{ status: 'done', tenant: { status: 'active' } }]);
    expect((await repair({})).operations).toEqual([]);
  });

  it('takes a named one away again when told to, with everything that was made for it', async () => {
    const { id, slug, placement } = await halfMade('hooli');
    const { schema } = placement!;
    expect(await query('select 1 from pg_namespace where nspname = $1', [schema])).toHaveLength(1);

    const { operations } = await repair({ slug, remove: true });

    expect(operations).toMatchObject([{ kind: 'delete', status: 'done' }]);
    expect(await query('select 1 from pg_namespace where nspname = $1', [schema])).toEqual([]);
    expect(await roleOf(schema)).toEqual([]);
    expect(await tombstone(id)).toMatchObject([{ status: 'deleted' }]);
  });

  it('removes in passing only what has been given up', async () => {
    await provisioner.register('hooli', 'shared');
    const given = await halfMade('pied-piper');
    await query(`update catalog.tenant_operation set status = 'failed' where tenant_id = $1`, [
      given.id,
    ]);

    await repair({ remove: true });

    expect(await second.find('hooli')).toMatchObject({ tenant: { status: 'active' } });
    expect(await second.find('pied-piper')).toBeNull();
  });

  it('reports what belongs to no tenant, and removes only schemas that the catalog does not know', async () => {
    const unknown = `t_${'0'.repeat(31)}1`;
    const empty = `t_${'0'.repeat(31)}2`;
    await query(
      `create schema ${unknown}; create schema t_of_someone_else; create table ${unknown}.x ()`,
    );
    await query(
      `alter schema ${unknown} owner to tenantry_owner; alter table ${unknown}.x owner to tenantry_owner`,
    );
    await query(
      `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', '${empty}')`,
    );

    const { orphans } = await repair({});
    // The harness has made the placement of initech, but no tenant.
    expect(orphans.schemas).toContain(unknown);
    expect(orphans.schemas).not.toContain('t_of_someone_else');
    expect(orphans.placements).toEqual([empty]);
    expect(await query('select 1 from pg_namespace where nspname = $1', [unknown])).toHaveLength(1);

    const { removed } = await repair({ remove: true });

    expect(removed).toContain(unknown);
    expect(await query('select 1 from pg_namespace where nspname = $1', [unknown])).toEqual([]);
    expect(
      await query(`select 1 from pg_namespace where nspname = 't_of_someone_else'`),
    ).toHaveLength(1);
    expect(
      await query('select 1 from catalog.placement where schema_name = $1', [empty]),
    ).toHaveLength(1);
  });

  it('refuses to remove a schema that is some tenant’s', async () => {
    const tenant = await tenantWithRows('hooli', 'schema');

    await expect(
      second.get(OrphanedPlacements).removeSchema(tenant.placement!.schema),
    ).rejects.toMatchObject({ code: 'schema-in-use' });
    await expect(second.get(OrphanedPlacements).removeSchema('shared')).rejects.toMatchObject({
      code: 'schema-in-use',
    });
    await expect(second.get(OrphanedPlacements).removeSchema('public')).rejects.toMatchObject({
      code: 'schema-not-dedicated',
    });
  });
});
