import type { MikroORM } from '@mikro-orm/postgresql';
import { UnitOfWork } from '@tenantry/application';
import { MemberRepository, ProjectRepository } from '@tenantry/domain';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { tenantMappings } from '../mapping/mappings.ts';
import { LockTaken } from '../migrations/advisory-lock.ts';
import { initech, type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { tryAttack } from './attacks/attack.ts';
import { attacker, populate, victim } from './attacks/throw-away-tenants.ts';
import { inspectPlacements } from './inspect.ts';
import { type IsolationReport, IsolationProver } from './isolation-prover.ts';
import { LEAKY_VARIANTS } from './self-test/leaky-variants.ts';
import { testProver } from './self-test/self-test.ts';

let persistence: Persistence;
let owner: MikroORM;
let prover: IsolationProver;

beforeEach(async () => {
  persistence = await startPersistence();
  owner = createOwnerOrm(persistence.config.ownerUrl, persistence.config.database);
  await run(
    `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', '${initech.schema}')`,
  );
  prover = new IsolationProver(
    persistence.context,
    persistence.entityManager,
    persistence.get(UnitOfWork),
    persistence.get(MemberRepository),
    persistence.get(ProjectRepository),
  );
});

afterEach(async () => {
  await owner.close();
  await persistence.stop();
});

const run = (sql: string): Promise<object[]> => owner.em.fork().execute(sql);
const prove = (): Promise<IsolationReport> => prover.prove(persistence.config);
const breachesOf = ({ attacks }: IsolationReport): string[] =>
  attacks.filter(({ outcome }) => outcome === 'breached').map(({ attack }) => attack);

/** How many rows of the throw-away tenants are left anywhere, and how many schemas of the prover. */
async function leftovers(): Promise<object[]> {
  const counts = tenantMappings.map(
    ({ meta }) =>
      `(select count(*) from shared.${meta.tableName} where tenant_id in ('${attacker.id}', '${victim.id}'))`,
  );
  return run(`select (${counts.join(' + ')})::int as rows,
    (select count(*)::int from pg_namespace where starts_with(nspname, 'prover_')) as schemas,
    (select count(*)::int from catalog.tenant) as tenants`);
}

describe('a database on which tenants are isolated', () => {
  it('is proven to be so, by attacks that all fail and a test of the prover', async () => {
    const report = await prove();

    expect(report.findings.filter(({ severity }) => severity === 'leak')).toEqual([]);
    expect(report).toMatchObject({ proven: true, placements: 2 });
    expect(report.attacks.filter(({ outcome }) => outcome !== 'held')).toEqual([]);
    expect(report.attacks.map(({ attack }) => attack)).toContain(
      `read ${initech.schema} from shared`,
    );
    expect(report.selfTest).toHaveLength(LEAKY_VARIANTS.length + 1);
    expect(report.selfTest.flatMap(({ missed }) => missed)).toEqual([]);
  });

  it('is as it was afterwards', async () => {
    await prove();

    expect(await leftovers()).toEqual([{ rows: 0, schemas: 0, tenants: 0 }]);
  });

  it('is proven again after a run that was killed', async () => {
    const { context, entityManager, unitOfWork, members, projects } = persistence;
    await populate({ context, entityManager, unitOfWork, members, projects });

    expect(await prove()).toMatchObject({ proven: true });
    expect(await leftovers()).toEqual([{ rows: 0, schemas: 0, tenants: 0 }]);
  });

  it('is proven by one at a time', async () => {
    const outcomes = await Promise.allSettled([prove(), prove()]);

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(LockTaken) as LockTaken,
    });
  });
});

describe('a database that leaks', () => {
  it('without row security on a table is breached by SQL and by query builders, which have no filter', async () => {
    await run('alter table shared.member disable row level security');

    const report = await prove();

    expect(report.proven).toBe(false);
    expect(breachesOf(report)).toEqual(
      expect.arrayContaining([
        'read member without a condition',
        'change members of the other',
        'delete members of the other',
        'insert a member for the other',
        'give a member to the other',
        'read without a tenant',
        'repository: use a query builder, which has no filter',
        'repository: change by a query builder',
        'repository: delete by a query builder',
      ]),
    );
    expect(await leftovers()).toEqual([{ rows: 0, schemas: 0, tenants: 0 }]);
  });

  it.each([
    [
      'a unique key without the tenant',
      'create unique index on shared.member (email)',
      'use an e-mail address that the other has',
    ],
    ['a right to truncate', 'grant truncate on shared.task to tenantry_shared', 'truncate a table'],
    [
      'a right to make tables',
      'grant create on schema shared to tenantry_shared',
      'make a table in the placement',
    ],
    [
      'a right in another placement',
      `grant usage on schema "${initech.schema}" to tenantry_shared; grant select on "${initech.schema}".member to tenantry_shared`,
      `read ${initech.schema} from shared`,
    ],
    [
      'a policy of the catalog that shows all',
      'grant select on catalog.migration to tenantry_tenant',
      'read the ledger of migrations',
    ],
  ])('by %s is breached', async (_leak, sql, attack) => {
    await run(sql);

    expect(breachesOf(await prove())).toContain(attack);
  });

  it('so badly that it cannot even be attacked is not proven, and what was found is told', async () => {
    await run(
      'alter table shared.member drop constraint member_pkey cascade; alter table shared.member add primary key (id)',
    );

    const report = await prove();

    expect(report.findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['primary-key', 'attack']),
    );
    expect(report.proven).toBe(false);
    expect(await leftovers()).toEqual([{ rows: 0, schemas: 0, tenants: 0 }]);
  });
});

describe('a prover that sees nothing', () => {
  const test = (parts: Partial<Parameters<typeof testProver>[2]>) =>
    testProver(owner.em.fork(), 'tenantry_app', {
      inspectPlacements,
      tryAttack,
      ...parts,
    });

  beforeEach(async () => {
    const { context, entityManager, unitOfWork, members, projects } = persistence;
    await populate({ context, entityManager, unitOfWork, members, projects });
  });

  it('in what it inspects fails its test', async () => {
    const results = await test({ inspectPlacements: () => Promise.resolve([]) });

    for (const { check, leak } of LEAKY_VARIANTS) {
      expect(results).toContainEqual({
        planted: leak,
        missed: [`was inspected, and ${check} not found`],
      });
    }
  });

  it('in its attacks fails its test', async () => {
    const results = await test({
      tryAttack: (_runAs, _attacker, { attack }) =>
        Promise.resolve({ attack, outcome: 'held', detail: '' }),
    });

    const missed = LEAKY_VARIANTS.flatMap(({ breaches }) => breaches);
    expect(results.flatMap((result) => result.missed)).toHaveLength(missed.length);
  });

  it('but leaks everywhere fails its test too', async () => {
    const results = await test({
      tryAttack: (_runAs, _attacker, { attack }) =>
        Promise.resolve({ attack, outcome: 'breached', detail: '' }),
    });

    expect(results[0]).toMatchObject({ planted: 'a sound table' });
    expect(results[0]?.missed).not.toEqual([]);
  });
});
