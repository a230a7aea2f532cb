import { type BaseEntity, slug, Tenant, Placement, PROJECT_STATUSES } from '@tenantry/domain';
import { factoryId } from './factory-id.ts';
import { fakerWording } from './faker-wording.ts';
import { MemberFactory } from './member.factory.ts';
import { ProjectFactory } from './project.factory.ts';
import type { Recipe } from './recipe.ts';
import { TaskFactory } from './task.factory.ts';
import { TenantFactory } from './tenant.factory.ts';
import { plainWording, type Wording } from './wording.ts';

const COUNT = 1_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const indexes = Array.from({ length: COUNT }, (_, index) => index);

/** The first of all kinds. */
function firstOf(wording: Wording, { seed = 7, owner = 'acme' }: Partial<Recipe> = {}) {
  const recipe: Recipe = { seed, owner, wording };
  const members = new MemberFactory(recipe);
  const projects = new ProjectFactory(recipe);
  const tenants = new TenantFactory(seed, wording);
  return {
    tenants: indexes.map((index) =>
      tenants.registration(index, { slug: slug(`t-${index}`), isolation: 'schema' }),
    ),
    members: indexes.map((index) => members.make(index)),
    projects: indexes.map((index) =>
      projects.make(index, {
        tasks: index % 8 === 0 ? 0 : 3,
        firstTask: index * 3,
        members: index % 9,
      }),
    ),
  };
}

/** Without the times of its making. */
function contentOf(entity: BaseEntity): unknown {
  return JSON.parse(
    JSON.stringify(entity, (key, value: unknown) =>
      key.endsWith('At') ? value !== null : key === 'project' ? undefined : value,
    ),
  );
}

function contentsOf({ tenants, members, projects }: ReturnType<typeof firstOf>): unknown {
  return {
    tenants,
    members: members.map(contentOf),
    projects: projects.map(contentOf),
    tasks: projects.flatMap(({ tasks }) => [...tasks].map(contentOf)),
  };
}

describe.each([
  ['plain', () => plainWording],
  ['Faker', () => fakerWording(7)],
])('the first thousand of each factory, worded by %s', (_, wording) => {
  const first = firstOf(wording());
  const tasks = first.projects.flatMap((project) => [...project.tasks]);

  it('are what the domain allows, ids among it', () => {
    for (const registration of first.tenants) {
      expect(new Tenant({ ...registration, placement: Placement.shared() }).name).not.toBe('');
      expect(registration.placementId).toMatch(UUID);
    }
    for (const { id } of [...first.tenants, ...first.members, ...first.projects, ...tasks]) {
      expect(id).toMatch(UUID);
    }
  });

  it('are the same for the same seed number', () => {
    expect(contentsOf(firstOf(wording()))).toEqual(contentsOf(first));
  });

  it('differ in what is unique within a tenant', () => {
    const distinct = (values: readonly unknown[]) => new Set(values).size;
    expect(distinct(first.members.map(({ email }) => email.toLowerCase()))).toBe(COUNT);
    expect(distinct(first.projects.map(({ key }) => key))).toBe(COUNT);
    expect(distinct(first.tenants.flatMap(({ domain }) => domain ?? []))).toBe(COUNT / 10);
    expect(distinct(tasks.map(({ id }) => id))).toBe(tasks.length);
  });

  it('have all that is out of the ordinary', () => {
    for (const [texts, max] of [
      [first.tenants.map(({ name }) => name), 200],
      [first.members.map(({ name }) => name), 200],
      [first.projects.map(({ name }) => name), 200],
      [first.projects.map(({ description }) => description), 10_000],
      [tasks.map(({ title }) => title), 500],
    ] as const) {
      expect(Math.max(...texts.map(({ length }) => length))).toBe(max);
      for (const script of [/\p{Script=Han}/u, /\p{Script=Hebrew}/u, /\p{M}/u, /\p{RGI_Emoji}/v]) {
        expect(texts.some((text) => script.test(text))).toBe(true);
      }
    }
    expect(Math.max(...first.members.map(({ email }) => email.length))).toBe(254);
    expect(Math.max(...first.projects.map(({ key }) => key.length))).toBe(10);
    expect(tasks.some(({ assignee }) => assignee === null)).toBe(true);
    expect(tasks.some(({ labels }) => labels.length === 20)).toBe(true);
    expect(tasks.some(({ labels }) => labels.length === 0)).toBe(true);
  });
});

describe('projects', () => {
  const { projects } = firstOf(plainWording);

  it('have all statuses, and some are archived, with tasks that are all done', () => {
    expect(new Set(projects.map(({ status }) => status))).toEqual(new Set(PROJECT_STATUSES));
    const over = projects.filter(({ isArchived, status }) => isArchived || status === 'completed');
    expect(over.some(({ isArchived, lastTaskNumber }) => isArchived && lastTaskNumber > 0)).toBe(
      true,
    );
    expect(new Set(over.map(({ openTaskCount }) => openTaskCount))).toEqual(new Set([0]));
  });

  it('count their tasks right', () => {
    for (const { tasks, lastTaskNumber, openTaskCount } of projects) {
      const all = [...tasks];
      expect(all.map(({ number }) => number)).toEqual(all.map((__, at) => at + 1));
      expect(lastTaskNumber).toBe(all.length);
      expect(openTaskCount).toBe(all.filter(({ isDone }) => !isDone).length);
    }
  });
});

describe('two owners', () => {
  const [acme, globex] = ['acme', 'globex'].map((owner) => firstOf(plainWording, { owner }));

  it('have the same ids and other texts', () => {
    expect(globex!.members.map(({ id }) => id)).toEqual(acme!.members.map(({ id }) => id));
    expect(globex!.projects.map(({ id }) => id)).toEqual(acme!.projects.map(({ id }) => id));
    expect(globex!.members[0]!.name).not.toBe(acme!.members[0]!.name);
    expect(globex!.projects[0]!.name).not.toBe(acme!.projects[0]!.name);
  });
});

describe('another seed number', () => {
  it('gives other ids and other texts', () => {
    const [one, two] = [firstOf(plainWording, { seed: 1 }), firstOf(plainWording, { seed: 2 })];
    const ids = new Set([...one.members, ...two.members].map(({ id }) => id));
    expect(ids.size).toBe(2 * COUNT);
    expect(one.members[0]!.name).not.toBe(two.members[0]!.name);
  });

  it('keeps kinds apart, and sorts by index', () => {
    expect(factoryId('member', 1, 5)).not.toBe(factoryId('project', 1, 5));
    const ids = [0, 9, 10, 15, 16, 255, 70_000].map((index) =>
      factoryId('task', 2 ** 32 - 1, index),
    );
    expect([...ids].sort()).toEqual(ids);
  });
});

describe('a task', () => {
  it('of a project that may have none open is done, and of one without members nobody’s', () => {
    const factory = new TaskFactory({ seed: 1, owner: 'acme', wording: plainWording });
    expect(factory.data(0, { team: [], isDone: true })).toMatchObject({
      status: 'done',
      assignee: null,
    });
  });
});
