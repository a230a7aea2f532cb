import { jest } from '@jest/globals';
import { RegisterTenant } from '@tenantry/application';
import {
  Conflict,
  email,
  Member,
  MemberRepository,
  NotFound,
  Project,
  ProjectRepository,
  projectKey,
  RuleViolation,
  slug,
  Task,
} from '@tenantry/domain';
import { insertInBulk, TransactionalService } from '@tenantry/persistence';
import { MemberFactory } from '../factories/member.factory.ts';
import { ProjectFactory } from '../factories/project.factory.ts';
import { plainWording } from '../factories/wording.ts';
import { ProfileSeeders } from '../profiles/profile-seeders.ts';
import { seedId } from '../profiles/seed-id.ts';
import { type Seeding, startSeeding } from '../testing/seeding-harness.ts';
import { readSeedFile } from './read-seed-file.ts';
import { TenantExport } from './tenant-export.ts';
import type { ExportOptions } from './to-seed-file.ts';

let seeding: Seeding;

const exportOf = (tenant: string, options?: ExportOptions) =>
  seeding.get(TenantExport).read(slug(tenant), options);

/** By way of a file, under another slug. */
const importAs = async (tenant: string, as: string) => {
  const file = JSON.stringify(await exportOf(tenant));
  return importFile(file, as);
};

const importFile = (file: string, as: string) =>
  seeding.seed('import', {
    seeders: seeding
      .get(ProfileSeeders)
      .ofTenants('import', [readSeedFile(file, { as: slug(as) })]),
  });

/** All that people of a tenant have written, and who they are. */
const writingsIn = async (tenant: string) => {
  const rows = await seeding.query(`
    with own as (select id, name, domain from catalog.tenant where slug = '${tenant}')
    select 'person' as kind, name as text from own union all select 'person', domain from own
    union all select 'person', m.name from shared.member m join own on own.id = m.tenant_id
    union all select 'person', m.email from shared.member m join own on own.id = m.tenant_id
    union all select 'work', p.name from shared.project p join own on own.id = p.tenant_id
    union all select 'work', p.description from shared.project p join own on own.id = p.tenant_id
    union all select 'work', t.title from shared.task t join own on own.id = t.tenant_id
    union all select 'work', unnest(t.labels) from shared.task t join own on own.id = t.tenant_id`);
  const of = (kind: string) =>
    rows
      .filter((row) => row['kind'] === kind && row['text'] !== null && row['text'] !== '')
      .map((row) => row['text'] as string);
  return { persons: of('person'), work: of('work') };
};

/** What is the same for a tenant and its copy, as it is in the tables. */
const shapeOf = async (tenant: string) => ({
  members: await seeding.query(`
    select m.id from shared.member m join catalog.tenant t on t.id = m.tenant_id
    where t.slug = '${tenant}' order by 1`),
  projects: await seeding.query(`
    select p.key, p.status, p.archived_at is not null as archived, p.settings, p.last_task_number,
      p.open_task_count, length(p.name) as name, length(p.description) as description
    from shared.project p join catalog.tenant t on t.id = p.tenant_id
    where t.slug = '${tenant}' order by 1`),
  tasks: await seeding.query(`
    select p.key, k.number, k.id, k.status, k.assignee_id, cardinality(k.labels) as labels,
      length(k.title) as title
    from shared.task k join catalog.tenant t on t.id = k.tenant_id
      join shared.project p on p.tenant_id = k.tenant_id and p.id = k.project_id
    where t.slug = '${tenant}' order by 1, 2`),
});

/** All rows of all tenants. */
const allRows = () =>
  seeding.query(`
    select 'member' as what, tenant_id, id, updated_at, name from shared.member
    union all select 'project', tenant_id, id, updated_at, name from shared.project
    union all select 'task', tenant_id, id, updated_at, title from shared.task
    union all select seeder, null, null, applied_at, target from catalog.seed
    order by 1, 2, 3, 5`);

beforeEach(async () => {
  seeding = await startSeeding();
  await seeding.seed('demo');
  await seeding.within('acme', async () => {
    const projects = seeding.get(ProjectRepository);
    const members = seeding.get(MemberRepository);
    const find = async (key: string) => (await projects.findByKey(projectKey(key)))!;
    (await find('ROCKET')).change({ status: 'on-hold' });
    const tunnel = await find('TUNNEL');
    tunnel.changeTask(await projects.getTask(tunnel, 1), { status: 'done' });
    tunnel.change({ status: 'completed' });
    (await find('INBOX')).addTask({
      title: 'Ask Zoë about the anvils',
      assignee: await members.getOrFail(seedId(12)),
      labels: ['ünfall', 'v1', 'v2', 'safety'],
    });
    const old = new Project({ key: projectKey('OLD'), name: 'What has been 🎉' });
    old.addTask({ title: 'Buy 3 anvils', status: 'done', labels: ['hardware'] });
    old.change({ status: 'completed' });
    old.archive();
    projects.add(old);
  });
});

afterEach(() => seeding.stop());

describe('the export of a tenant', () => {
  it('has nobody’s name or address in it, and nothing that people wrote', async () => {
    const { persons, work } = await writingsIn('acme');
    const file = JSON.stringify(await exportOf('acme'));

    expect(persons).toContain('Acme Corporation');
    expect(persons).toContain('wile@acme.example');
    expect(work).toContain('Ask Zoë about the anvils');
    expect([...persons, ...work].filter((text) => file.includes(text))).toEqual([]);
  });

  it('has what people wrote about their work where it is wanted, and still nobody’s name or address', async () => {
    const { persons, work } = await writingsIn('acme');
    const file = JSON.stringify(await exportOf('acme', { keepText: true }));

    expect(work.filter((text) => !file.includes(text))).toEqual([]);
    expect(persons.filter((text) => file.includes(text))).toEqual([]);
  });

  it('does not tell the tenant’s domain, id or placement', async () => {
    const { tenant } = await exportOf('globex', { keepText: true });

    expect(tenant).toEqual({
      slug: 'globex',
      name: 'globex',
      plan: 'enterprise',
      features: {},
      configuration: { locale: 'de-AT', timeZone: 'Europe/Vienna' },
      isolation: 'shared',
    });
  });

  it('keeps the shape of what is masked, and who is who', async () => {
    const { members, projects } = await exportOf('acme');

    expect(members).toEqual(
      [11, 12, 13].map((id, index) => ({
        id: seedId(id),
        email: `person${index + 1}@example.invalid`,
        name: `Person ${index + 1}`,
      })),
    );
    expect(projects.find(({ key }) => key === 'ROCKET')).toEqual({
      id: seedId(21),
      key: 'ROCKET',
      name: 'Xxxxxx xxxxxx',
      description: 'Xxxxxx xxxx xxx xxxx. Xxxxxxxx xxxxx xxxxx.',
      status: 'on-hold',
      settings: { color: '#d7263d', icon: 'rocket' },
      archived: false,
      tasks: [
        expect.objectContaining({
          title: 'Xxxxx xxx xxxxxxxx',
          status: 'in-progress',
          assigneeId: seedId(11),
          labels: ['xxxxxxxx'],
        }),
        expect.objectContaining({ title: 'Xxxxx xxxxxx', labels: ['xxxxxxxx', 'xxxxxx'] }),
        expect.objectContaining({ title: 'Xxxx xxx xxxxxx', status: 'done' }),
      ],
    });
  });

  it('is of this tenant alone, though others have rows of the same ids', async () => {
    const others = await Promise.all(
      ['globex', 'initech'].map((name) => exportOf(name, { keepText: true })),
    );
    const { work } = await writingsIn('globex');
    const file = JSON.stringify(await exportOf('acme', { keepText: true }));

    expect(others.map(({ members }) => members.length)).toEqual([2, 2]);
    expect(work).toContain('Hammock district');
    expect(
      work
        .filter((text) => text !== 'Inbox' && text !== 'What has no project of its own yet.')
        .filter((text) => file.includes(text)),
    ).toEqual([]);
  });

  it('has all tasks of a project of many, by their numbers', async () => {
    await seeding.query(`
      insert into shared.task (tenant_id, id, project_id, number, title, status, labels, created_at, updated_at)
      select p.tenant_id, gen_random_uuid(), p.id, p.last_task_number + n, 'Task ' || n, 'open', '{}', now(), now()
      from shared.project p join catalog.tenant t on t.id = p.tenant_id, generate_series(1, 1200) n
      where t.slug = 'acme' and p.key = 'INBOX'`);

    const { projects } = await exportOf('acme', { keepText: true });

    expect(projects.find(({ key }) => key === 'INBOX')?.tasks?.map(({ title }) => title)).toEqual([
      'Ask Zoë about the anvils',
      ...Array.from({ length: 1_200 }, (_, index) => `Task ${index + 1}`),
    ]);
  });

  it('is of one moment, whatever is changed meanwhile', async () => {
    const members = seeding.get(MemberRepository);
    const page = members.page.bind(members);
    const change = `update shared.project set name = 'Changed meanwhile' where key = 'ROCKET'`;
    jest.spyOn(members, 'page').mockImplementation(async (request) => {
      const found = await page(request);
      await seeding.query(change);
      return found;
    });

    const file = JSON.stringify(await exportOf('acme', { keepText: true }));

    expect(file).toContain('Rocket skates');
    expect(file).not.toContain('Changed meanwhile');
  });

  it('cannot change anything', async () => {
    const members = seeding.get(MemberRepository);
    const page = members.page.bind(members);
    jest.spyOn(members, 'page').mockImplementation((request) => {
      members.add(new Member({ email: email('new@acme.example'), name: 'New' }));
      return page(request);
    });

    await expect(exportOf('acme')).rejects.toThrow('read-only');
  });

  it('of a tenant that there is not is refused', async () => {
    await expect(exportOf('hooli')).rejects.toThrow(NotFound);
  });

  it('of a tenant that is still being made is refused', async () => {
    await seeding.asOperator(() =>
      seeding.get(RegisterTenant).run({ slug: slug('hooli'), name: 'Hooli', isolation: 'schema' }),
    );

    await expect(exportOf('hooli')).rejects.toThrow(RuleViolation);
  });
});

describe('an export that is imported under another slug', () => {
  it('has all that made-up tenants have: long names, other scripts, what is empty, done or archived', async () => {
    const recipe = { seed: 5, owner: 'globex', wording: plainWording };
    const members = Array.from({ length: 30 }, (_, index) => new MemberFactory(recipe).make(index));
    const projects = Array.from({ length: 30 }, (_, index) =>
      new ProjectFactory(recipe).make(index, { tasks: 4, firstTask: 4 * index, members: 30 }),
    );
    await seeding.within('globex', () =>
      seeding.get(TransactionalService).run(async (transaction) => {
        await insertInBulk(transaction, Member, members);
        await insertInBulk(transaction, Project, projects);
        await insertInBulk(
          transaction,
          Task,
          projects.flatMap((project) => [...project.tasks]),
        );
      }),
    );

    await importAs('globex', 'globex-copy');

    const shape = await shapeOf('globex');
    expect(shape.projects.length).toBeGreaterThan(30);
    expect(await shapeOf('globex-copy')).toEqual(shape);
  });

  it('is a new tenant of the same shape, whose ids are the same', async () => {
    const report = await importAs('acme', 'acme-copy');

    expect(report.tenants).toMatchObject([{ target: 'acme-copy', status: 'seeded' }]);
    const shape = await shapeOf('acme');
    expect(shape.members).toHaveLength(3);
    expect(shape.projects).toHaveLength(5);
    expect(shape.tasks).toHaveLength(6);
    expect(await shapeOf('acme-copy')).toEqual(shape);
  });

  it('is exported as it was imported', async () => {
    const file = await exportOf('acme');
    await importFile(JSON.stringify(file), 'acme-copy');

    const copy = await exportOf('acme-copy', { keepText: true });

    // The inbox had been made with the tenant.
    const withoutIds = ({ key, id, ...project }: (typeof file.projects)[number]) => ({
      key,
      id: key === 'INBOX' ? null : id,
      ...project,
    });
    const byKey = (projects: typeof file.projects) =>
      projects.map(withoutIds).sort((one, other) => (one.key < other.key ? -1 : 1));
    expect(copy.members).toEqual(file.members);
    expect(byKey(copy.projects)).toEqual(byKey(file.projects));
    expect(copy.tenant).toEqual({ ...file.tenant, slug: 'acme-copy', name: 'acme-copy' });
  });

  it('changes nothing of the tenant that it is from', async () => {
    const [before, rows] = [await exportOf('acme', { keepText: true }), await allRows()];

    await importAs('acme', 'acme-copy');

    expect(await exportOf('acme', { keepText: true })).toEqual(before);
    expect(await allRows()).toEqual(expect.arrayContaining(rows));
  });

  it('is skipped the next time, also when another file has been imported in between', async () => {
    const file = JSON.stringify(await exportOf('acme'));
    await importFile(file, 'acme-copy');
    await importAs('globex', 'globex-copy');
    const rows = await allRows();

    const again = await importFile(file, 'acme-copy');

    expect(again.catalog).toEqual([{ seeder: 'import.acme-copy.tenants', counts: null }]);
    expect(again.tenants).toEqual([]);
    expect(await allRows()).toEqual(rows);
  });

  it('may come from a schema of its own, and goes into one', async () => {
    await importAs('initech', 'initech-copy');

    expect((await exportOf('initech-copy')).tenant.isolation).toBe('schema');
    expect(await seeding.projectsOf('initech-copy')).toContain('TPS 21');
  });

  it('is refused where a tenant that is somebody’s has the slug', async () => {
    const rows = await allRows();

    await expect(importAs('acme', 'globex')).rejects.toThrow(Conflict);
    await expect(importAs('acme', 'acme')).rejects.toThrow(Conflict);

    expect(await allRows()).toEqual(rows);
  });
});
