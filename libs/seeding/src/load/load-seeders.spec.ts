import { setTimeout } from 'node:timers/promises';
import {
  MemberRepository,
  ProjectRepository,
  type ProjectId,
  projectKey,
  Project,
} from '@tenantry/domain';
import { factoryId } from '../factories/factory-id.ts';
import { plainWording } from '../factories/wording.ts';
import { type Seeding, startSeeding } from '../testing/seeding-harness.ts';
import type { SeedOptions, SeedReport } from '../seed-run.ts';
import { type LoadOptions, type PlannedTenant, planLoad, type RowCounts } from './load-plan.ts';
import { LoadSeeders } from './load-seeders.ts';

const LOAD: LoadOptions = { tenants: 22, rows: 6_000, skew: 'zipf', dedicated: 2, seed: 7 };
/** One large tenant. */
const FEW: LoadOptions = { ...LOAD, tenants: 1, rows: 8_000, dedicated: 1 };
let seeding: Seeding;

beforeEach(async () => {
  seeding = await startSeeding();
});

afterEach(() => seeding.stop());

function load(options: LoadOptions, more: Partial<SeedOptions> = {}): Promise<SeedReport> {
  const seeders = seeding.get(LoadSeeders).of(options, () => Promise.resolve(plainWording));
  return seeding.seed('load', { seeders, ...more });
}

/** SQL over all placements, whose tables it names `member`, `project` and `task`. */
async function inAll(sql: string): Promise<Record<string, unknown>[]> {
  const placements = await seeding.query('select schema_name as name from catalog.placement');
  const rows: Record<string, unknown>[] = [];
  for (const { name } of placements) {
    await seeding.query(`set search_path to "${String(name)}", catalog`);
    rows.push(...(await seeding.query(sql)));
  }
  return rows;
}

const madeBy = ({ seed }: LoadOptions) => `'${factoryId('tenant', seed, 0).slice(0, 13)}%'`;

/** How many rows of a load each tenant has, as they are in the tables. */
async function countsIn(options: LoadOptions): Promise<Record<string, RowCounts>> {
  const rows = await inAll(
    `select slug, ${['member', 'project', 'task']
      .map(
        (table) =>
          `(select count(*)::int from ${table} t where t.tenant_id = tenant.id and t.id::text like ${madeBy(options)}) as ${table}s`,
      )
      .join(', ')}
     from tenant join placement on placement.id = placement_id
     where schema_name = current_schema() and slug like 'load-%'`,
  );
  return Object.fromEntries(
    rows.map(({ slug, ...counts }) => [slug, counts as unknown as RowCounts]),
  ) as Record<string, RowCounts>;
}

function countsOf(options: LoadOptions): Record<string, RowCounts> {
  return Object.fromEntries(
    planLoad(options).tenants.map(({ slug, members, projects, tasks }) => [
      slug,
      { members, projects, tasks },
    ]),
  );
}

/** What the server counts, it tells a little later. */
async function waitFor<Result>(read: () => Promise<Result | undefined>): Promise<Result> {
  for (;;) {
    const result = await read();
    if (result !== undefined) {
      return result;
    }
    await setTimeout(100);
  }
}

describe('a load', () => {
  it('is exactly what was planned, in the shared placement and in others, though all ids are the same', async () => {
    const { catalog, tenants, stopped } = await load(LOAD);

    expect(stopped).toBeNull();
    expect(catalog).toMatchObject([{ seeder: 'load.tenants', counts: { inserted: 22 } }]);
    expect(tenants.map(({ status }) => status)).toEqual(Array(22).fill('seeded'));
    expect(await countsIn(LOAD)).toEqual(countsOf(LOAD));
    expect(
      await seeding.query(
        `select status, isolation, count(*)::int from catalog.tenant join catalog.placement on placement.id = placement_id group by 1, 2 order by 2`,
      ),
    ).toEqual([
      { status: 'active', isolation: 'schema', count: 2 },
      { status: 'active', isolation: 'shared', count: 20 },
    ]);
    const [ids] = await seeding.query(
      'select count(*)::int as all, count(distinct id)::int as distinct from shared.member',
    );
    expect(ids!['all']).toBeGreaterThan(ids!['distinct'] as number);
  });

  it('has projects that count their tasks right, and tasks that members of the same tenant have', async () => {
    await load(LOAD);

    const wrong = await inAll(
      `select project.id from project
       left join lateral (select count(*) as tasks, count(*) filter (where status <> 'done') as open, max(number) as last
         from task where task.tenant_id = project.tenant_id and project_id = project.id) counted on true
       where (last_task_number, open_task_count) <> (tasks, open) or last_task_number <> coalesce(last, 0)
         or (open > 0 and (archived_at is not null or project.status = 'completed'))`,
    );
    expect(wrong).toEqual([]);
    const assigned = await inAll(
      `select count(*)::int as all, count(member.id)::int as found, count(distinct assignee_id)::int as members
       from task left join member on member.tenant_id = task.tenant_id and member.id = assignee_id
       where assignee_id is not null`,
    );
    for (const { all, found, members } of assigned) {
      expect(found).toBe(all);
      expect(members).toBeGreaterThan(5);
    }
  });

  it('tells nobody of what it has made', async () => {
    await load(LOAD);

    expect(
      await inAll(
        `select name, data from outbox_event where data->>'key' <> 'INBOX' or name <> 'project.started'`,
      ),
    ).toEqual([]);
  });

  it('looks the project of a task up by its key, though nothing is known of the tables yet', async () => {
    const [{ tasks }] = planLoad(FEW).tenants as [PlannedTenant];
    await load(FEW);

    const reads = await waitFor(async () => {
      const [row] = await seeding.query(
        `select sum(idx_scan)::int as lookups, sum(idx_tup_read)::int as read
         from pg_stat_user_indexes where relname = 'project' and schemaname like 't_%'`,
      );
      return Number(row!['lookups']) >= tasks ? row : undefined;
    });
    expect(reads['read']).toBeLessThan(2 * tasks);
  });

  it('is not made again', async () => {
    await load(LOAD);

    const again = await load({ ...LOAD });

    expect(again).toMatchObject({ tenants: [], unchanged: 22 });
    expect(again.catalog).toEqual([{ seeder: 'load.tenants', counts: null }]);
  });

  it('that was interrupted is made complete by the next run', async () => {
    const interruption = new AbortController();
    const first = await load(LOAD, {
      signal: interruption.signal,
      observe: ({ type }) => {
        if (type === 'tenant') {
          interruption.abort();
        }
      },
    });

    expect(first.stopped).toBe('interrupted');
    expect(await countsIn(LOAD)).not.toEqual(countsOf(LOAD));

    await load(LOAD);
    expect(await countsIn(LOAD)).toEqual(countsOf(LOAD));
  });

  it('takes away all that its tenants have when it is begun afresh', async () => {
    await load(LOAD);

    // Without the profile `reference`, whose seeders would take members and projects away as well.
    await load(LOAD, { fresh: true, only: ['load.rows'] });

    expect(await countsIn(LOAD)).toEqual(countsOf(LOAD));
  });

  it('is worded by Faker unless told otherwise', async () => {
    const few = { ...LOAD, tenants: 2, rows: 50, dedicated: 0 };
    await seeding.seed('load', { seeders: seeding.get(LoadSeeders).of(few) });

    expect(await countsIn(few)).toEqual(countsOf(few));
    expect(await inAll(`select name from member where name like 'Person %'`)).toEqual([]);
  });
});

describe('a load of other options', () => {
  it.each([
    ['rows', { rows: 4_000 }],
    ['skew', { skew: 'uniform' as const }],
    ['tenants', { tenants: 25 }],
  ])('replaces what was there: other %s', async (_, other) => {
    await load(LOAD);

    const options = { ...LOAD, ...other };
    await load(options);

    expect(await countsIn(options)).toEqual(countsOf(options));
  });

  it('replaces what was there: another seed number', async () => {
    await load(LOAD);

    const other = { ...LOAD, seed: 8 };
    await load(other);

    expect(await countsIn(other)).toEqual(countsOf(other));
    expect(await inAll(`select id from task where id::text like ${madeBy(LOAD)}`)).toEqual([]);
    expect(await inAll(`select id from member where id::text like ${madeBy(LOAD)}`)).toEqual([]);
  });

  it('leaves what people have made, and takes their tasks from members that go', async () => {
    await load(LOAD);
    const own = factoryId<'Project'>('project', 99, 0) satisfies ProjectId;
    await seeding.within('load-00003', async () => {
      const [member] = (await seeding.get(MemberRepository).page({ limit: 1 })).items;
      const project = new Project({ id: own, key: projectKey('OURS'), name: 'Ours' });
      project.addTask({ title: 'Stay', assignee: member! });
      seeding.get(ProjectRepository).add(project);
    });

    await load({ ...LOAD, seed: 8 });

    expect(
      await seeding.query(`select title, assignee_id from shared.task where project_id = '${own}'`),
    ).toEqual([{ title: 'Stay', assignee_id: null }]);
    expect(await seeding.query(`select key from shared.project where key = 'INBOX'`)).toHaveLength(
      20,
    );
  });

  it('leaves tenants alone that are not a part of it any more', async () => {
    await load(LOAD);
    const before = await countsIn(LOAD);

    await load({ ...LOAD, tenants: 5, rows: 100 });

    const after = await countsIn(LOAD);
    expect(after['load-00009']).toEqual(before['load-00009']);
  });

  it('leaves tenants where they are, though others like them would be somewhere else now', async () => {
    await load(LOAD);

    const { catalog } = await load({ ...LOAD, dedicated: 4 });

    expect(catalog).toMatchObject([{ counts: { inserted: 0, unchanged: 22 } }]);
    expect(await seeding.query(`select id from catalog.placement`)).toHaveLength(3);
  });

  it('makes tenants again that were deleted, and leaves their ids to those', async () => {
    await load(LOAD);
    const id = factoryId('tenant', LOAD.seed, 4);
    for (const table of ['task', 'project', 'member']) {
      await seeding.query(`delete from shared.${table} where tenant_id = '${id}'`);
    }
    await seeding.query(
      `update catalog.tenant set status = 'deleted', placement_id = null where id = '${id}'`,
    );

    const { catalog } = await load(LOAD, { force: true });

    expect(catalog).toMatchObject([{ counts: { inserted: 1, unchanged: 21 } }]);
    expect(await countsIn(LOAD)).toEqual(countsOf(LOAD));
  });
});
