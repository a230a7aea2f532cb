import { setTimeout as sleep } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  email,
  Member,
  MemberRepository,
  type NewMember,
  ProjectRepository,
  projectKey,
  TenantRepository,
} from '@tenantry/domain';
import { LockTaken, RunLocks, UnknownPlacement } from '@tenantry/persistence';
import { BaseSeeder, type SeedResult } from './base.seeder.ts';
import { UnknownSeeder } from './database.seeder.ts';
import type { SeedEvent } from './seed-run.ts';
import { MemberSeeder } from './member.seeder.ts';
import { ProfileSeeders } from './profiles/profile-seeders.ts';
import type { SeedProject } from './profiles/seed-data.ts';
import { type Seeding, startSeeding } from './testing/seeding-harness.ts';

let seeding: Seeding;

beforeEach(async () => {
  seeding = await startSeeding();
});

afterEach(() => seeding.stop());

/** What the seeders have done in a run, by tenant and seeder. */
async function countsOf(run: ReturnType<Seeding['seed']>): Promise<Record<string, string>> {
  const { catalog, tenants } = await run;
  const rows = [{ target: 'catalog', seeders: catalog }, ...tenants].flatMap(
    ({ target, seeders }) =>
      seeders.map(({ seeder, counts }) => [
        `${target} ${seeder}`,
        counts === null
          ? 'skipped'
          : `${counts.inserted} ${counts.updated} ${counts.unchanged} ${counts.kept}`,
      ]),
  );
  return Object.fromEntries(rows) as Record<string, string>;
}

const nameOf = (tenant: string, address: string): Promise<string | undefined> =>
  seeding.within(
    tenant,
    async () => (await seeding.get(MemberRepository).findByEmail(email(address)))?.name,
  );

/** All rows of all tenants, as they are in the tables. */
const allRows = () =>
  seeding.query(
    `select 'member' as what, tenant_id, id, updated_at, name from shared.member
     union all select 'project', tenant_id, id, updated_at, name from shared.project
     union all select 'task', tenant_id, id, updated_at, title from shared.task
     union all select seeder, null, null, applied_at, target from catalog.seed
     order by 1, 2, 3, 5`,
  );

describe('the profile demo', () => {
  it('makes acme and globex in the shared placement, and initech in one of its own', async () => {
    await seeding.seed('demo');

    const { items } = await seeding.asOperator(() =>
      seeding.get(TenantRepository).page({ limit: 10 }),
    );
    expect(
      items.map((tenant) => [tenant.slug, tenant.status, tenant.placement?.isolation]),
    ).toEqual([
      ['acme', 'active', 'shared'],
      ['globex', 'active', 'shared'],
      ['initech', 'active', 'schema'],
    ]);
  });

  it('gives tenants data of their own, under ids that are the same', async () => {
    await seeding.seed('demo');

    expect(await seeding.projectsOf('acme')).toEqual(
      expect.arrayContaining(['ROCKET 21', 'TUNNEL 22']),
    );
    expect(await seeding.projectsOf('globex')).toEqual(
      expect.arrayContaining(['HAMMOCK 21', 'ROCKET 22']),
    );
    expect(await seeding.projectsOf('initech')).toEqual(expect.arrayContaining(['TPS 21']));
  });

  it('a second time changes no row, and says that all was skipped', async () => {
    expect(await countsOf(seeding.seed('demo'))).toEqual({
      'catalog demo.tenants': '3 0 0 0',
      'acme demo.members': '3 0 0 0',
      // New tenants have the inbox from the start.
      'acme reference.projects': 'skipped',
      'acme demo.projects': '3 0 0 0',
      'globex demo.members': '2 0 0 0',
      'globex reference.projects': 'skipped',
      'globex demo.projects': '2 0 0 0',
      'initech demo.members': '2 0 0 0',
      'initech reference.projects': 'skipped',
      'initech demo.projects': '1 0 0 0',
    });
    const before = await allRows();

    const again = await seeding.seed('demo');

    expect(again).toMatchObject({ tenants: [], unchanged: 3 });
    expect(again.catalog).toEqual([{ seeder: 'demo.tenants', counts: null }]);
    expect(await allRows()).toEqual(before);
  });

  it('counts the items that are to be seeded, and not those that are skipped', async () => {
    const counted: number[] = [];
    const observe = (event: SeedEvent) => event.type === 'waves' && counted.push(event.items);

    const { tenants } = await seeding.seed('demo', { observe });
    await seeding.seed('demo', { observe });
    await seeding.seed('demo', { observe, force: true });

    const inserted = tenants.flatMap(({ seeders }) =>
      seeders.map(({ counts }) => counts?.inserted ?? 0),
    );
    expect(counted).toEqual([inserted.reduce((sum, count) => sum + count), 0, 13 + 3]);
  });

  it('by force is compared with what is there, and changes no row either', async () => {
    await seeding.seed('demo');
    const before = await seeding.query(
      'select tenant_id, id, updated_at, version from shared.project order by 1, 2',
    );

    expect(await countsOf(seeding.seed('demo', { force: true }))).toMatchObject({
      'catalog demo.tenants': '0 0 3 0',
      'acme demo.members': '0 0 3 0',
      'acme demo.projects': '0 0 3 0',
    });
    expect(
      await seeding.query(
        'select tenant_id, id, updated_at, version from shared.project order by 1, 2',
      ),
    ).toEqual(before);
  });

  it('afresh removes what its tenants have, and nothing of others', async () => {
    await seeding.seed('test');
    await seeding.seed('demo');
    for (const name of ['acme', 'alpha']) {
      await seeding.within(name, async () => {
        seeding
          .get(MemberRepository)
          .add(new Member({ email: email('new@example.com'), name: 'New' }));
      });
    }

    await seeding.seed('demo', { fresh: true });

    expect(await nameOf('acme', 'new@example.com')).toBeUndefined();
    expect(await nameOf('alpha', 'new@example.com')).toBe('New');
    expect(await seeding.projectsOf('initech')).toEqual(
      ['INBOX', 'TPS 21'].map(expect.stringMatching),
    );
    expect(await countsOf(seeding.seed('test'))).toEqual({ 'catalog test.tenants': 'skipped' });
  });
});

describe('starting afresh', () => {
  it('leaves tenants that are archived or deleted as they are, and gives their ids to nobody', async () => {
    await seeding.seed('test');
    const [alpha] = await seeding.query(`select id from catalog.tenant where slug = 'alpha'`);
    await seeding.query(`update catalog.tenant set status = 'archived' where slug = 'alpha'`);
    await seeding.query(`update catalog.tenant set status = 'deleted' where slug = 'beta'`);

    await seeding.seed('test', { fresh: true });

    expect(
      await seeding.query('select slug, status from catalog.tenant order by slug, status'),
    ).toEqual([
      { slug: 'alpha', status: 'archived' },
      { slug: 'beta', status: 'active' },
      { slug: 'beta', status: 'deleted' },
      { slug: 'gamma', status: 'active' },
    ]);
    const rows = await seeding.query(
      `select 1 from shared.task where tenant_id = '${String(alpha!['id'])}'`,
    );
    expect(rows).toHaveLength(1);
  });

  it('is rehearsed as well: all is missing then, and nothing is removed', async () => {
    await seeding.seed('test');
    const before = await allRows();

    const rehearsed = await seeding.rehearse('test', { fresh: true });

    const inserted = { inserted: 1, updated: 0, unchanged: 0, kept: 0 };
    expect(rehearsed).toEqual([
      {
        target: 'catalog',
        seeders: [{ seeder: 'test.tenants', counts: { ...inserted, inserted: 3 } }],
      },
      ...['alpha', 'beta', 'gamma'].map((target) => ({
        target,
        seeders: ['reference.projects', 'test.members', 'test.projects'].map((seeder) => ({
          seeder,
          counts: inserted,
        })),
      })),
    ]);
    expect(await allRows()).toEqual(before);
  });
});

describe('what people have changed', () => {
  beforeEach(async () => {
    await seeding.seed('demo');
    await seeding.within('globex', async () => {
      const hank = await seeding.get(MemberRepository).findByEmail(email('hank@globex.example'));
      hank!.rename('The Boss');
      const projects = seeding.get(ProjectRepository);
      projects.remove((await projects.findByKey(projectKey('ROCKET')))!);
      (await projects.findByKey(projectKey('HAMMOCK')))!.addTask({ title: 'One of their own' });
    });
  });

  it('is left as it is, though the seeder is applied again', async () => {
    expect(await countsOf(seeding.seed('demo', { force: true, tenants: ['globex'] }))).toEqual({
      'globex demo.members': '0 0 1 1',
      'globex reference.projects': '0 0 1 0',
      'globex demo.projects': '0 0 0 2',
    });
    expect(await nameOf('globex', 'hank@globex.example')).toBe('The Boss');
    expect(await seeding.projectsOf('globex')).not.toContain('ROCKET 22');
  });

  it('is made again what it was when that is asked for, and nothing of it removed', async () => {
    expect(await countsOf(seeding.seed('demo', { overwrite: true }))).toMatchObject({
      'acme demo.members': '0 0 3 0',
      'globex demo.members': '0 1 1 0',
      'globex demo.projects': '1 1 0 0',
    });

    expect(await nameOf('globex', 'hank@globex.example')).toBe('Hank Scorpio');
    expect(await seeding.projectsOf('globex')).toContain('ROCKET 22');
    const tasks = await seeding.query(
      `select title from shared.task where title = 'One of their own'`,
    );
    expect(tasks).toHaveLength(1);
  });
});

/** A seeder whose data differs from release to release. */
@Injectable()
class Founders extends MemberSeeder {
  static data: readonly NewMember[] = [];
  static fails: string | null = null;
  static between: () => Promise<void> = () => Promise.resolve();

  constructor(members: MemberRepository) {
    super(members, {
      name: 'founders',
      profiles: ['reference'],
      dependsOn: [],
      of: () => ({ members: Founders.data, projects: [] }),
    });
  }

  override async seed(...parameters: Parameters<BaseSeeder['seed']>): Promise<SeedResult> {
    const result = await super.seed(...parameters);
    await Founders.between();
    if (parameters[1].target === Founders.fails) {
      throw new Error('it was to fail');
    }
    return result;
  }
}

describe('a seeder of one’s own', () => {
  const ada = (name: string): NewMember => ({ email: email('ada@example.com'), name });

  beforeEach(async () => {
    await seeding.stop();
    seeding = await startSeeding([Founders]);
    Founders.data = [ada('Ada')];
    Founders.fails = null;
    Founders.between = () => Promise.resolve();
    for (const name of ['alpha', 'beta', 'gamma', 'delta']) {
      await seeding.makeTenant(name, name === 'gamma' ? 'schema' : 'shared');
    }
  });

  it('has given tenants that were made with it what they get, before they were let in', async () => {
    expect(await nameOf('gamma', 'ada@example.com')).toBe('Ada');
    expect(await seeding.seed('reference')).toMatchObject({ tenants: [], unchanged: 4 });
  });

  it('is applied again when its data has changed, but for what people have changed', async () => {
    await seeding.within('beta', async () => {
      (await seeding.get(MemberRepository).findByEmail(email('ada@example.com')))!.rename(
        'Countess',
      );
    });
    Founders.data = [ada('Ada Lovelace'), { email: email('charles@example.com'), name: 'Charles' }];

    expect(await countsOf(seeding.seed('reference'))).toMatchObject({
      'alpha founders.members': '1 1 0 0',
      'beta founders.members': '1 0 0 1',
      'gamma founders.members': '1 1 0 0',
    });
    expect(await nameOf('alpha', 'ada@example.com')).toBe('Ada Lovelace');
    expect(await nameOf('beta', 'ada@example.com')).toBe('Countess');
    expect(await seeding.seed('reference')).toMatchObject({ tenants: [], unchanged: 4 });

    Founders.data = [ada('A. L.')];
    expect(await countsOf(seeding.seed('reference'))).toMatchObject({
      'alpha founders.members': '0 1 0 0',
      'beta founders.members': '0 0 0 1',
    });
  });

  it('does not overwrite what somebody stores while it is at it', async () => {
    Founders.data = [ada('Ada Lovelace')];
    let stored: Promise<unknown> = Promise.resolve();
    Founders.between = async () => {
      stored = seeding.within('alpha', async () => {
        const member = await seeding.get(MemberRepository).findByEmail(email('ada@example.com'));
        member!.rename('Countess');
      });
      await sleep(300);
    };

    await seeding.seed('reference', { only: ['founders.members'], tenants: ['alpha'] });
    await stored;

    expect(await nameOf('alpha', 'ada@example.com')).toBe('Countess');
  });

  it('is applied again when its version is another', async () => {
    await seeding.query(`update catalog.seed set version = 0 where seeder = 'founders.members'`);

    expect(await countsOf(seeding.seed('reference', { only: ['founders.members'] }))).toEqual(
      Object.fromEntries(
        ['alpha', 'beta', 'delta', 'gamma'].map((name) => [`${name} founders.members`, '0 0 1 0']),
      ),
    );
  });

  it('takes over what is there already and is the same, and leaves what differs', async () => {
    await seeding.query('delete from catalog.seed');
    await seeding.within('beta', async () => {
      (await seeding.get(MemberRepository).findByEmail(email('ada@example.com')))!.rename(
        'Countess',
      );
    });

    expect(await countsOf(seeding.seed('reference', { only: ['founders.members'] }))).toMatchObject(
      {
        'alpha founders.members': '0 0 1 0',
        'beta founders.members': '0 0 0 1',
      },
    );
  });

  it('that fails for a tenant leaves nothing of it there, and is seeded in the others', async () => {
    Founders.data = [ada('Ada'), { email: email('charles@example.com'), name: 'Charles' }];
    Founders.fails = 'beta';

    const { tenants } = await seeding.seed('reference');

    expect(tenants.map(({ target, status }) => `${target} ${status}`).sort()).toEqual([
      'alpha seeded',
      'beta failed',
      'delta seeded',
      'gamma seeded',
    ]);
    expect(tenants.find(({ target }) => target === 'beta')).toMatchObject({
      seeder: 'founders.members',
      reason: 'it was to fail',
    });
    expect(await nameOf('beta', 'charles@example.com')).toBeUndefined();
    expect(await nameOf('gamma', 'charles@example.com')).toBe('Charles');

    Founders.fails = null;
    const again = await seeding.seed('reference');
    expect(again.tenants.map(({ target }) => target)).toEqual(['beta']);
    expect(again.unchanged).toBe(3);
  });

  it('goes through waves, and stops at a canary that fails', async () => {
    Founders.data = [ada('Another')];
    Founders.fails = 'beta';
    const waves: unknown[] = [];

    const report = await seeding.seed('reference', {
      canary: ['beta'],
      waves: [50],
      observe: (event) => event.type === 'waves' && waves.push(event.waves),
    });

    expect(waves).toEqual([
      [
        { name: 'canary', tenants: 1 },
        { name: '50 %', tenants: 2 },
        { name: '100 %', tenants: 1 },
      ],
    ]);
    expect(report.stopped).toBe('canary-failed');
    expect(await nameOf('alpha', 'ada@example.com')).toBe('Ada');
  });

  it('is not begun any more after too many failures', async () => {
    Founders.data = [ada('Another')];
    Founders.fails = 'alpha';

    const { stopped, tenants } = await seeding.seed('reference', {
      maxFailures: 0,
      concurrency: 1,
    });

    expect(stopped).toBe('too-many-failures');
    expect(tenants.map(({ status }) => status)).toEqual([
      'failed',
      ...Array<string>(3).fill('not-reached'),
    ]);
  });

  it('finishes what is under way when the run is interrupted, and the next run does the rest', async () => {
    Founders.data = [ada('Another')];
    const controller = new AbortController();
    Founders.between = async () => {
      controller.abort();
      return Promise.resolve();
    };

    const { stopped, tenants } = await seeding.seed('reference', {
      signal: controller.signal,
      concurrency: 1,
    });

    expect(stopped).toBe('interrupted');
    expect(tenants.map(({ status }) => status)).toEqual([
      'seeded',
      ...Array<string>(3).fill('not-reached'),
    ]);
    expect((await seeding.seed('reference')).tenants).toHaveLength(3);
  });

  it('is applied to the tenants that are named', async () => {
    Founders.data = [ada('Another')];

    expect(
      Object.keys(await countsOf(seeding.seed('reference', { tenants: ['gamma', 'alpha'] }))),
    ).toEqual([
      'alpha reference.projects',
      'alpha founders.members',
      'gamma reference.projects',
      'gamma founders.members',
    ]);
    await expect(seeding.seed('reference', { tenants: ['nobody'] })).rejects.toThrow(
      UnknownPlacement,
    );
    await expect(seeding.seed('reference', { only: ['nothing'] })).rejects.toThrow(UnknownSeeder);
  });

  it('runs as the tenant: row security refuses what would go elsewhere', async () => {
    Founders.data = [ada('Another')];
    const seen: unknown[] = [];
    Founders.between = async () => {
      seen.push(await seeding.get(MemberRepository).page({ limit: 100 }));
    };

    await seeding.seed('reference', { only: ['founders.members'] });

    expect(seen).toEqual(
      Array(4).fill({ items: [expect.objectContaining({ email: 'ada@example.com' })], next: null }),
    );
  });

  it('cannot take what it has found for one tenant into another, whose ids are the same, not even meanwhile', async () => {
    Founders.data = [ada('Another')];
    const attempts: Record<string, (found: Member) => unknown> = {
      add: (found) => {
        seeding.get(MemberRepository).add(found);
      },
      remove: (found) => {
        seeding.get(MemberRepository).remove(found);
      },
      insert: (found) =>
        seeding
          .get(EntityManager)
          .execute(
            `insert into shared.member select '${found.id}'::uuid, id, now(), now(), 'eve@example.com', 'Eve' from shared.member`,
          ),
    };
    for (const attempt of Object.values(attempts)) {
      let found: Member | null = null;
      let isFirst = true;
      const errors: unknown[] = [];
      Founders.between = async () => {
        if (isFirst) {
          isFirst = false;
          found = await seeding.get(MemberRepository).findByEmail(email('ada@example.com'));
          // Its own is still open while the other one has it.
          await sleep(200);
        } else {
          await sleep(50)
            .then(() => attempt(found!))
            .catch((error: unknown) => errors.push(error));
        }
      };
      await seeding.seed('reference', {
        only: ['founders.members'],
        tenants: ['alpha', 'beta'],
        force: true,
        concurrency: 2,
      });
      expect(errors).toHaveLength(1);
    }
    const members = await seeding.query(
      'select count(*)::int as count, count(distinct tenant_id)::int as tenants from shared.member',
    );
    expect(members).toEqual([{ count: 3, tenants: 3 }]);
  });

  it('is rehearsed without changing anything', async () => {
    await seeding.within('beta', async () => {
      (await seeding.get(MemberRepository).findByEmail(email('ada@example.com')))!.rename(
        'Countess',
      );
    });
    Founders.data = [ada('Ada Lovelace'), { email: email('charles@example.com'), name: 'Charles' }];
    const before = await allRows();

    const rehearsed = await seeding.rehearse('reference', { only: ['founders.members'] });

    expect(rehearsed).toEqual(
      expect.arrayContaining([
        {
          target: 'beta',
          seeders: [
            {
              seeder: 'founders.members',
              counts: { inserted: 1, updated: 0, unchanged: 0, kept: 1 },
            },
          ],
        },
        {
          target: 'alpha',
          seeders: [
            {
              seeder: 'founders.members',
              counts: { inserted: 1, updated: 1, unchanged: 0, kept: 0 },
            },
          ],
        },
      ]),
    );
    expect(await allRows()).toEqual(before);
  });
});

describe('a rehearsal', () => {
  it('says of tenants that would be made all that they would get', async () => {
    const rehearsed = await seeding.rehearse('demo');

    const inserted = (count: number) => ({ inserted: count, updated: 0, unchanged: 0, kept: 0 });
    expect(rehearsed).toEqual([
      { target: 'catalog', seeders: [{ seeder: 'demo.tenants', counts: inserted(3) }] },
      ...['acme', 'globex', 'initech'].map((target, index) => ({
        target,
        seeders: [
          { seeder: 'reference.projects', counts: inserted(1) },
          { seeder: 'demo.members', counts: inserted([3, 2, 2][index]!) },
          { seeder: 'demo.projects', counts: inserted([3, 2, 1][index]!) },
        ],
      })),
    ]);
    expect(await seeding.query('select * from catalog.tenant')).toEqual([]);
  });
});

describe('projects with tasks whose data has changed', () => {
  const project = (more: Partial<SeedProject>): SeedProject => ({
    key: projectKey('PLAN'),
    name: 'Plan',
    ...more,
  });
  const seedPlan = (more: Partial<SeedProject>) =>
    seeding.seed('import', {
      seeders: seeding.get(ProfileSeeders).ofTenants('import', [
        {
          registration: { slug: 'hooli' as never, name: 'Hooli', isolation: 'shared' },
          members: [],
          projects: [project(more)],
        },
      ]),
    });
  const tasks = () =>
    seeding.query('select number, title, status, labels from shared.task order by number');
  const counters = () =>
    seeding.query(
      `select name, status, archived_at is not null as archived, last_task_number, open_task_count from shared.project where key = 'PLAN'`,
    );

  it('are what the data says, and are counted right', async () => {
    await seedPlan({ tasks: [{ title: 'One' }, { title: 'Two', status: 'done', labels: ['x'] }] });
    await seedPlan({
      name: 'The plan',
      tasks: [{ title: 'First', status: 'done' }, { title: 'Two' }, { title: 'Three' }],
    });

    expect(await tasks()).toEqual([
      { number: 1, title: 'First', status: 'done', labels: [] },
      { number: 2, title: 'Two', status: 'open', labels: [] },
      { number: 3, title: 'Three', status: 'open', labels: [] },
    ]);
    expect(await counters()).toEqual([
      {
        name: 'The plan',
        status: 'active',
        archived: false,
        last_task_number: 3,
        open_task_count: 2,
      },
    ]);
  });

  it('are archived and restored as the data says', async () => {
    await seedPlan({ archived: true });
    expect(await counters()).toMatchObject([{ archived: true }]);

    await seedPlan({ name: 'Again', tasks: [{ title: 'One', status: 'done' }] });
    expect(await counters()).toMatchObject([{ name: 'Again', archived: false }]);

    await seedPlan({ name: 'No more', archived: true, tasks: [{ title: 'One', status: 'done' }] });
    expect(await counters()).toMatchObject([
      { name: 'No more', archived: true, open_task_count: 0 },
    ]);
  });

  it('are completed when their tasks are done, and get new ones when they are completed no more', async () => {
    await seedPlan({ tasks: [{ title: 'One', status: 'done' }] });
    await seedPlan({ status: 'completed', tasks: [{ title: 'One', status: 'done' }] });
    expect(await counters()).toMatchObject([{ status: 'completed', open_task_count: 0 }]);

    await seedPlan({
      status: 'completed',
      tasks: [
        { title: 'One', status: 'done' },
        { title: 'Two', status: 'done' },
      ],
    });
    expect(await counters()).toMatchObject([{ status: 'completed', last_task_number: 2 }]);

    await seedPlan({ status: 'on-hold', tasks: [{ title: 'One' }] });
    expect(await counters()).toMatchObject([{ status: 'on-hold', open_task_count: 1 }]);
  });
});

describe('two runs at once', () => {
  it('do not get into each other’s way: the second is refused while the first holds the lock', async () => {
    await seeding.get(RunLocks).hold('the seeds', async () => {
      await expect(seeding.seed('demo')).rejects.toThrow(LockTaken);
    });

    await seeding.seed('demo');
  });

  it('are one after the other, or the second is refused: all is there once', async () => {
    const both = await Promise.allSettled([seeding.seed('demo'), seeding.seed('demo')]);

    for (const outcome of both.filter(({ status }) => status === 'rejected')) {
      expect(outcome).toMatchObject({ reason: expect.any(LockTaken) as LockTaken });
    }
    expect(both.map(({ status }) => status)).toContain('fulfilled');
    expect(await seeding.projectsOf('acme')).toHaveLength(3);
    expect(await seeding.seed('demo')).toMatchObject({ tenants: [], unchanged: 3 });
  });
});
