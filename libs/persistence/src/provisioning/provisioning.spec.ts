import pg from 'pg';
import type { Isolation, OperationStep } from '@tenantry/domain';
import { tenantMappings } from '../mapping/mappings.ts';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { asOwner, type Provisioner, startProvisioner } from '../testing/provisioning-harness.ts';

const STEPS: readonly OperationStep[] = ['schema', 'migrations', 'seed', 'active'];

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

const tablesOf = (schema: string) =>
  asOwner<{ name: string }>(
    persistence.config,
    'select tablename as name from pg_tables where schemaname = $1 order by 1',
    [schema],
  );

describe.each<Isolation>(['shared', 'schema'])('a tenant with the isolation %s', (isolation) => {
  it('is recorded, then made step by step, and active at the end', async () => {
    const requested = await provisioner.register('hooli', isolation);
    expect(requested.tenant.status).toBe('provisioning');
    expect(requested.operation).toMatchObject({ kind: 'provision', step: 'catalog' });

    const [operation] = await provisioner.pass();

    expect(operation).toMatchObject({ status: 'done', step: 'active' });
    expect(operation?.tenant).toMatchObject({ status: 'active', placement: { isolation } });
    expect(provisioner.done).toEqual(STEPS.map((step) => `hooli ${step}`));
    expect(await tablesOf(operation?.tenant.placement?.schema ?? '')).toHaveLength(
      tenantMappings.length,
    );
    expect(await provisioner.pass()).toEqual([]);
  });

  it.each(STEPS)(
    'whose provisioner ends after the step %s, before that is recorded, is completed by the next',
    async (last) => {
      await provisioner.register('hooli', isolation);
      endAfter(provisioner, last);
      await expect(provisioner.pass()).rejects.toThrow('the process ended');
      expect(await provisioner.find('hooli')).toMatchObject({
        tenant: { status: 'provisioning' },
        operation: { status: 'pending', error: null, attempts: 0 },
      });

      await second.pass();

      expect(await second.find('hooli')).toMatchObject({
        tenant: { status: 'active' },
        operation: { status: 'done', step: 'active' },
      });
      expect(second.done).toEqual(STEPS.slice(STEPS.indexOf(last)).map((step) => `hooli ${step}`));
    },
  );
});

/** The process ends after a step: neither that step nor a failure can be recorded any more. */
function endAfter({ carryOut, afterStep }: Provisioner, last: OperationStep): void {
  afterStep((step) => {
    if (step === last) {
      Object.assign(carryOut, { change: () => Promise.reject(new Error('the process ended')) });
    }
  });
}

describe('a step that fails', () => {
  it('is tried again later, with the reason recorded, and others are not kept waiting', async () => {
    await provisioner.register('hooli', 'shared');
    await provisioner.register('pied-piper', 'shared');
    provisioner.afterStep((step, { slug }) => {
      if (step === 'migrations' && slug === 'hooli') {
        throw Object.assign(new Error('Key (name)=(secret)'), { code: '23505' });
      }
    });

    const outcomes = await provisioner.pass();

    expect(outcomes).toMatchObject([
      {
        status: 'pending',
        step: 'schema',
        attempts: 1,
        error: 'the database refused with 23505',
        tenant: { status: 'provisioning' },
      },
      { status: 'done' },
    ]);
    expect(await provisioner.pass()).toEqual([]);
  });

  it('can be tried again at once by someone who asks', async () => {
    const { operation } = await provisioner.register('hooli', 'schema');
    provisioner.afterStep((step) => {
      if (step === 'migrations') {
        throw new Error('no disk');
      }
    });
    await provisioner.pass();
    expect(await second.pass()).toEqual([]);

    const after = await second.asOperator(() => second.carryOut.now(operation!.id));

    expect(after).toMatchObject({ status: 'done', attempts: 0, tenant: { status: 'active' } });
    expect(second.done).toEqual(['migrations', 'seed', 'active'].map((step) => `hooli ${step}`));
  });
});

describe('several provisioners at once', () => {
  it('do each step once, and all tenants are active', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `tenant-${index}`);
    for (const [index, name] of names.entries()) {
      await provisioner.register(name, index % 2 === 0 ? 'shared' : 'schema');
    }
    const others = await Promise.all([1, 2].map(() => startProvisioner(persistence.config)));
    const all = [provisioner, second, ...others];

    await Promise.all(all.map(({ pass }) => pass()));

    const done = all.flatMap(({ done }) => done);
    expect(done.toSorted()).toEqual(
      names.flatMap((name) => STEPS.map((step) => `${name} ${step}`)).toSorted(),
    );
    expect(all.filter((each) => each.done.length > 0).length).toBeGreaterThan(1);
    for (const name of names) {
      expect(await provisioner.find(name)).toMatchObject({ tenant: { status: 'active' } });
    }
    await Promise.all(others.map(({ stop }) => stop()));
  });

  it('leave alone what another one is at', async () => {
    await provisioner.register('hooli', 'shared');
    let inTheMiddle: Promise<readonly unknown[]> | undefined;
    provisioner.afterStep((step) => {
      if (step === 'schema') {
        inTheMiddle = second.pass();
      }
    });

    await provisioner.pass();

    expect(await inTheMiddle).toEqual([]);
    expect(second.done).toEqual([]);
  });

  it('take over from one whose connection is gone', async () => {
    const { operation } = await provisioner.register('hooli', 'shared');
    const other = new pg.Client({ connectionString: persistence.config.ownerUrl });
    await other.connect();
    await other.query('begin');
    await other.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `tenantry operation ${operation!.id}`,
    ]);
    expect(await provisioner.pass()).toEqual([]);

    await other.end();

    expect(await provisioner.pass()).toMatchObject([{ status: 'done' }]);
  });
});

describe('the same request', () => {
  it('twice at once makes one tenant', async () => {
    const [first, other] = await Promise.all([
      provisioner.register('hooli', 'schema'),
      second.register('hooli', 'schema'),
    ]);

    expect(first.tenant.id).toBe(other.tenant.id);
    expect(await asOwner(persistence.config, `select slug from catalog.tenant`)).toEqual([
      { slug: 'hooli' },
    ]);
    expect(
      await asOwner(persistence.config, `select 1 from catalog.tenant_operation`),
    ).toHaveLength(1);
  });

  it('again is answered with the same tenant, whatever has become of it', async () => {
    const { tenant } = await provisioner.register('hooli', 'shared');
    await provisioner.pass();

    const again = await second.register('hooli', 'shared');

    expect(again.tenant).toMatchObject({ id: tenant.id, status: 'active' });
    expect(await second.pass()).toEqual([]);
  });

  it.each([
    ['another isolation', 'schema' as const, {}],
    ['another plan', 'shared' as const, { plan: 'team' as const }],
  ])('with %s is refused', async (_what, isolation, more) => {
    await provisioner.register('hooli', 'shared');

    await expect(provisioner.register('hooli', isolation, more)).rejects.toMatchObject({
      code: 'slug-taken',
    });
  });
});
